"""How good, how varied and how right generated images are: metrics, statistics, evaluators, extractors."""
