"""Components that two pages or more use."""
