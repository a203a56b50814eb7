"""The terms of the losses as lessons show them: formula, paper, our code, and the function of one sample."""

from gan_core.experiments.lessons.entry import Code, Term

LOGIT = "l is D's logit, D = σ(l) = 1 / (1 + e⁻ˡ) its probability of “real”."
BCE_REAL = Term(
    "D's loss on real data",
    r"\begin{aligned}\mathcal{L}_{\text{real}} &= -\mathbb{E}_{x}\left[\log D(x)\right] \\"
    r"&= \mathbb{E}_{x}\left[\log\left(1 + e^{-l(x)}\right)\right]\end{aligned}",
    "x is real data. " + LOGIT,
    "Goodfellow et al. 2014, equation 1, as a loss to minimise",
    Code("gan_core.models.objectives:bce_real", ("positive = ",)),
    "loss/d_real", "real", "gan_core.models.objectives:bce_real",
)  # fmt: skip
BCE_FAKE = Term(
    "D's loss on generated data",
    r"\begin{aligned}\mathcal{L}_{\text{fake}} &= -\mathbb{E}_{z}\left[\log(1 - D(G(z)))\right] \\"
    r"&= \mathbb{E}_{z}\left[\log\left(1 + e^{\,l(G(z))}\right)\right]\end{aligned}",
    "z is a random latent, G(z) the generated sample. " + LOGIT,
    "Goodfellow et al. 2014, equation 1, as a loss to minimise",
    Code("gan_core.models.objectives:bce_fake"),
    "loss/d_fake",
    "fake",
    "gan_core.models.objectives:bce_fake",
)
BCE_GENERATOR = Term(
    "G's loss",
    r"\begin{aligned}\mathcal{L}_{G} &= -\mathbb{E}_{z}\left[\log D(G(z))\right] \\"
    r"&= \mathbb{E}_{z}\left[\log\left(1 + e^{-l(G(z))}\right)\right]\end{aligned}",
    LOGIT + " This form keeps its gradient when D rejects everything (“non-saturating”).",
    "Goodfellow et al. 2014, section 3",
    Code("gan_core.models.objectives:bce_generator"),
    "loss/g", "generator", "gan_core.models.objectives:bce_generator",
)  # fmt: skip
DISCRIMINATOR_LOSS = Term(
    "D's total loss",
    r"\mathcal{L}_{D} = w_{\text{real}} \, \mathcal{L}_{\text{real}} + w_{\text{fake}} \, \mathcal{L}_{\text{fake}}",
    "Both weights are 1 in the original GAN; 1:0 means w_real = 1 and w_fake = 0.",
    "Goodfellow et al. 2014, equation 1; the weights are report R2's",
    Code("gan_core.models.gan:GAN._adversarial", ("parts = ", "loss = objective.real_weight")),
    "loss/d",
)
R1 = Term(
    "The penalty R1",
    r"R_1 = \frac{1}{2} \, \mathbb{E}_{x}\left[\lVert \nabla_x \, l(x) \rVert^2\right]",
    "∇ₓ l(x) is the gradient of D's logit at a real point x: D's slope there. γ times R₁ is added to D's loss.",
    "Mescheder et al. 2018, equation 9 (there with γ/2 in front)",
    Code("gan_core.models.penalties:r1_penalty"),
    "loss/penalty", "slopes", "gan_core.experiments.lessons.replay:half_square",
)  # fmt: skip
GRADIENT_PENALTY = Term(
    "The gradient penalty",
    r"\begin{gathered}\mathbb{E}_{\hat x}\left[\left(\lVert \nabla_{\hat x} D(\hat x) \rVert_2 - 1\right)^2\right] \\"
    r"\hat x = x + \epsilon \, (G(z) - x),\ \epsilon \sim U[0, 1]\end{gathered}",
    "x̂ is a point on the line between a real and a generated one; the target slope there is 1. λ times this is added to D's "
    "loss.",
    "Gulrajani et al. 2017, equation 3",
    Code("gan_core.models.penalties:gradient_penalty"),
    "loss/penalty", "slopes", "gan_core.experiments.lessons.replay:squared_distance_from_one",
)  # fmt: skip
CRITIC_GAP = Term(
    "The critic's loss",
    r"\mathcal{L}_{D} = \mathbb{E}_{z}\left[D(G(z))\right] - \mathbb{E}_{x}\left[D(x)\right]",
    "D outputs a score, not a probability. If its slope is at most 1, then −L_D is at most the Earth-Mover distance between "
    "real and generated data, and equal to it for the best such D.",
    "Arjovsky et al. 2017, equations 2 and 3, algorithm 1",
    Code("gan_core.models.gan:GAN._adversarial", ("parts = ", "loss = objective.real_weight")),
    "loss/d",
)
CLIP = Term(
    "Weight clipping",
    r"w \leftarrow \operatorname{clip}(w, -c, c)",
    "After each step every weight w of D is clipped to [−c, c]. The number is the share of weights at the bound.",
    "Arjovsky et al. 2017, algorithm 1, line 7",
    Code("gan_core.models.networks.critic:clip_weights"),
    "clip/saturation",
)
LABEL_LOSS = Term(
    "The label loss (ACGAN)",
    r"\mathcal{L}_{C} = -\mathbb{E}\left[\log P(C = c \mid G(z, c))\right]",
    "c is the requested digit, P the output of D's second head. D and G both minimise it.",
    "Odena et al. 2017, equation 3, its part on generated pictures (as a loss)",
    Code("gan_core.models.gan:GAN._label_loss"),
    "loss/label_fake",
)
RECONSTRUCTION = Term(
    "The reconstruction",
    r"\mathcal{L}_{\text{rec}} = -\frac{1}{P} \sum_{p=1}^{P} \left[x_p \log \hat x_p + (1 - x_p) \log(1 - \hat x_p)\right]",
    "x is the image, its P pixels between 0 and 1; x̂ the decoder's output for a latent drawn from the encoder's distribution. "
    "Grey pixels have a loss even when they are right, so it does not go to 0.",
    "Kingma and Welling 2014, appendix C.1, as a loss to minimise, averaged over pixels",
    Code("gan_core.models.vae:reconstruction_loss"),
    "loss/reconstruction",
)
KL = Term(
    "The KL term",
    r"\text{KL} = \frac{1}{2} \sum_{j} \left(\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2\right)",
    "The encoder outputs a distribution for each image: mean μ and standard deviation σ in each latent dimension j. 0 means "
    "that it equals the prior, N(0, 1), and carries no information about the image.",
    "Kingma and Welling 2014, appendix B and equation 10",
    Code("gan_core.models.vae:kl_divergence"),
    "loss/kl", "latents",
)  # fmt: skip
VAE_LOSS = Term(
    "The total loss",
    r"\mathcal{L} = \mathcal{L}_{\text{rec}} + \lambda \, \text{KL}",
    "λ weights the two terms.",
    "Kingma and Welling 2014, equation 10, as a loss to minimise; the weight after Higgins et al. 2017, beta-VAE",
    Code("gan_core.models.vae:VAE.train_step", ("reconstruction = ", "kl = ", "loss = ")),
    "loss/vae",
)

DENOISING = Term(
    "The denoiser's loss",
    r"\mathcal{L} = \mathbb{E}_{x_0, \varepsilon, t}\left[\left\| v_\theta(x_t, t) - v_t \right\|^2\right],"
    r"\quad v_t = \sqrt{\bar\alpha_t}\,\varepsilon - \sqrt{1 - \bar\alpha_t}\,x_0",
    "x₀ is data, ε noise, t a random time, x_t data and noise mixed, ᾱ_t the share of the data's variance in it; the mean over all values.",
    "Ho et al. 2020, equation 14; v of Salimans and Ho 2022, appendix D",
    Code("gan_core.models.diffusion:Diffusion._errors", ("predicted = ", "return F.mse_loss")),
    "loss/diffusion",
)
