"""Training loops for test_audit: a reference loop as text, edits of it that stay right, and edits that break it."""

import ast

REFERENCE = """\
def loop(G, D, opt_G, opt_D, data, k, steps):
    for i in range(steps):
        for j in range(k):
            x = next(data)
            z = torch.randn(len(x), G.latent_dim)
            x_fake = G(z).detach()
            real, fake = D(x), D(x_fake)
            loss_D = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
            opt_D.zero_grad()
            loss_D.backward()
            opt_D.step()
        z = torch.randn(len(x), G.latent_dim)
        x_fake = G(z)
        fake = D(x_fake)
        loss_G = bce(fake, torch.ones_like(fake))
        opt_G.zero_grad()
        loss_G.backward()
        opt_G.step()
"""
LINES = REFERENCE.splitlines()
D_BLOCK, G_BLOCK = "\n".join(LINES[2:11]), "\n".join(LINES[11:18])
DRAW_X, DRAW_Z = "            x = next(data)\n", "            z = torch.randn(len(x), G.latent_dim)\n"
Z_FOR_G = "        z = torch.randn(len(x), G.latent_dim)\n        x_fake"
LOSS_D = "bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))"
LOSS_G = "bce(fake, torch.ones_like(fake))\n        opt_G"
STEP_D, STEP_G = "            opt_D.step()\n", "        opt_G.step()\n"
UPDATE_D = "            opt_D.zero_grad()\n            loss_D.backward()\n            opt_D.step()\n"


def edited(*edits):
    """Return the reference with each (old, new) put in once; an edit that fits nowhere or twice is a mistake here."""
    source = REFERENCE
    for old, new in edits:
        assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the loop"
        source = source.replace(old, new)
    return source


def without_statement():
    """Yield (what was taken out, source) for every statement of the reference that is not a `for`."""
    flat = [node for node in ast.walk(ast.parse(REFERENCE)) if isinstance(node, ast.Assign | ast.Expr)]
    for node in sorted(flat, key=lambda node: node.lineno):
        lines = [line if n != node.lineno else "" for n, line in enumerate(LINES, 1)]
        yield LINES[node.lineno - 1].strip() + f" #{node.lineno}", "\n".join(lines)


def dedent_into_helpers():
    """The same loop, its two updates in functions of their own."""
    return """\
def update(opt, loss):
    opt.zero_grad()
    loss.backward()
    opt.step()

def fakes(G, n):
    return G(torch.rand(n, G.latent_dim) * 2 - 1)

def loop(G, D, opt_G, opt_D, data, k, steps):
    for _ in range(steps):
        for x in itertools.islice(data, k):
            update(opt_D, softplus(-D(x)).mean() + softplus(D(fakes(G, len(x)))).mean())
        update(opt_G, softplus(-D(fakes(G, 2 * len(x)))).mean())
"""


ADAM = ("    for i in", "    opt_G, opt_D = (torch.optim.Adam(p.parameters(), lr=1e-3) for p in (G, D))\n    for i in")
STYLES = {
    "reference": REFERENCE,
    "helpers, uniform noise, islice": dedent_into_helpers(),
    "no_grad for the fakes": edited(("            x_fake = G(z).detach()",
        "            with torch.no_grad(): x_fake = G(z)")),
    "no detach": edited((".detach()", "")),
    "two backward calls, no detach": edited(
        (".detach()", ""), ("            loss_D.backward()\n",
        "            bce(real, torch.ones_like(real)).backward()\n"
        "            bce(fake, torch.zeros_like(fake)).backward()\n")),
    "one backward call for two losses": edited(
        ("            loss_D.backward()",
        "            torch.autograd.backward([softplus(-real).mean(), softplus(fake).mean()])")),
    "cat": edited(("real, fake = D(x), D(x_fake)", "real, fake = D(torch.cat([x, x_fake])).split(len(x))")),
    "shuffled cat": edited(("real, fake = D(x), D(x_fake)",
        "order = torch.randperm(64); both = D(torch.cat([x, x_fake])"
        "[order])[order.argsort()]; real, fake = both[:32], both[32:]")),
    "zero_grad after the step": edited(
        ("            opt_D.zero_grad()\n", ""), ("        opt_G.zero_grad()\n", ""),
        ("        for j", "        opt_D.zero_grad()\n        for j"),
        (STEP_D, STEP_D + "            opt_D.zero_grad()\n"), (STEP_G, STEP_G + "        opt_G.zero_grad()\n")),
    "zero_grad of the modules": edited(("opt_D.zero_grad()", "D.zero_grad()"), ("opt_G.zero_grad()", "G.zero_grad()")),
    "set_to_none=False": edited(("opt_D.zero_grad()", "opt_D.zero_grad(set_to_none=False)"),
        ("opt_G.zero_grad()", "opt_G.zero_grad(set_to_none=False)")),
    "Adam": edited(ADAM),
    "Adam, set_to_none=False, no detach": edited(ADAM, (".detach()", ""),
        ("opt_D.zero_grad()", "opt_D.zero_grad(set_to_none=False)")),
    "momentum": edited((ADAM[0], ADAM[1].replace("Adam(p.parameters(), lr=1e-3)", "SGD(p.parameters(), 0.01, 0.9)"))),
    "BCELoss of probabilities": edited(("D(x), D(x_fake)", "D(x).sigmoid(), D(x_fake).sigmoid()"),
        ("fake = D(x_fake)\n        loss", "fake = D(x_fake).sigmoid()\n        loss"))
        .replace("bce(", "torch.nn.BCELoss()("),
    "V as printed, G minimax": edited(
        (LOSS_D, "-(real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean())"),
        (LOSS_G, "(1 - fake.sigmoid()).log().mean()\n        opt_G")),
    "maximize=True": edited((ADAM[0], ADAM[1].replace("Adam(p.parameters(), lr=1e-3)", "SGD(p.parameters(), 0.01, "
        "maximize=p is D)")), (LOSS_D, f"-({LOSS_D})")),
    "halved loss": edited((LOSS_D, f"({LOSS_D}) / 2")),
    "sums": edited((LOSS_D, "softplus(-real).sum() + softplus(fake).sum()")),
    "G first": "\n".join([*LINES[:2], G_BLOCK.replace("len(x)", "32"), D_BLOCK]),
    "D frozen in G's step": edited((G_BLOCK, "        D.requires_grad_(False)\n" + G_BLOCK + "\n"
        "        D.requires_grad_(True)")),
    "G frozen in D's step": edited((D_BLOCK, "        G.requires_grad_(False)\n" + D_BLOCK + "\n"
        "        G.requires_grad_(True)"), (".detach()", "")),
    "frozen of the package": edited((G_BLOCK, "        with frozen(D):\n" + G_BLOCK.replace("        ",
        "            "))),
    "data called": edited(("next(data)", "data()")),
    "while": edited(("for i in range(steps):", "i = 0\n    while i < steps:\n        i += 1")),
    "clipped gradients": edited((STEP_D, "            torch.nn.utils.clip_grad_value_(D.parameters(), 0.01)\n" + STEP_D)),
    "closure": edited((UPDATE_D, "            def closure():\n                opt_D.zero_grad()\n"
        "                loss_D.backward()\n"
        "                return loss_D\n            opt_D.step(closure)\n")),
    "autograd.grad": edited(("            opt_D.zero_grad()\n            loss_D.backward()\n",
        "            for p, g in zip(D.parameters(), torch.autograd.grad(loss_D, list(D.parameters()))):"
        " p.grad = g\n")),
    "logs and previews": "def loop(G, D, opt_G, opt_D, data, k, steps):\n    log, z0 = [], torch.randn(9, G.latent_dim)\n"
        + "\n".join(LINES[1:]) + "\n        log.append((loss_D.item(), loss_G.detach(), D(x).mean().item()))"
        "\n        G.eval()\n        with torch.no_grad(): D(G(z0))\n        G.train()\n    return log",
    "x drawn for G as well": edited((Z_FOR_G, "        x = next(data)\n" + Z_FOR_G)),
    "noise of all steps drawn ahead": edited(("        for j",
        "        ahead = torch.randn(k, 32, G.latent_dim)\n        for j"), (DRAW_Z, "            z = ahead[j]\n")),
    "one-sided smoothing": edited(("bce(real, torch.ones_like(real))", "bce(real, 0.9 * torch.ones_like(real))")),
    "labels swapped for both": edited((LOSS_D, "softplus(real).mean() + softplus(-fake).mean()"),
        (LOSS_G, "softplus(fake).mean()\n        opt_G")),
    "real part of V in G's loss": edited((LOSS_G, "D(x).sigmoid().log().mean() - softplus(fake).mean()\n        opt_G")),
} | {f"objective {name}": edited((LOSS_D, f"OBJECTIVES['{name}'].discriminator(real, fake)"),
                                 (LOSS_G, f"OBJECTIVES['{name}'].generator(fake)\n        opt_G"))
     for name in ("minimax", "non_saturating", "least_squares", "hinge", "wasserstein")}

# the source document's loop over K: the same statements in the same order, in our own names
DOCUMENT = """\
def loop(G, D, opt_G, opt_D, data, k, steps):
    for x, _ in zip(data, range(steps)):
        ones, zeros = torch.ones(len(x), 1), torch.zeros(len(x), 1)
        for j in range(k):
            opt_D.zero_grad()
            z = torch.randn(len(x), G.latent_dim)
            x_fake = G(z)
            loss_D = (bce(D(x), ones) + bce(D(x_fake), zeros)) / 2
            if j != k - 1:
                continue
            loss_D.backward()
            opt_D.step()
        opt_G.zero_grad()
        bce(D(G(z)), ones).backward()
        opt_G.step()
"""
HALVES = edited((UPDATE_D, """\
            opt_D.zero_grad()
            bce(real, torch.ones_like(real)).backward()
            opt_D.step()
            opt_D.zero_grad()
            bce(D(x_fake), torch.zeros_like(fake)).backward()
            opt_D.step()
"""))
ONE_D = ("for j in range(k)", "for j in [0]")
TOGETHER = edited((STEP_D, ""), (STEP_G, "        opt_D.step()\n" + STEP_G), ONE_D)
G_THEN_D = """\
def loop(G, D, opt_G, opt_D, data, k, steps):
    for i in range(steps):
        x = next(data)
        x_fake = G(torch.randn(len(x), G.latent_dim))
        opt_G.zero_grad()
        softplus(-D(x_fake)).mean().backward()
        opt_G.step()
        opt_D.zero_grad()
        (softplus(-D(x)).mean() + softplus(D(x_fake.detach())).mean()).backward()
        opt_D.step()
"""
G_MOVES_FIRST = edited((STEP_D, ""), (STEP_G, STEP_G + "        opt_D.step()\n"), ONE_D)

# published error: (source, k, names of the faults it must have, a piece of the report, the row of the table it cites)
PUBLISHED = {
    "the source document's K loop": (DOCUMENT, 3, {"only_last", "same_reals", "noise_GD"},
        "stepped 5 times, not kN = 15: D was run on real minibatches 15 times, and 10 of these",
        "k steps coded, only the last applied"),
    "only the last of k applied": (edited((STEP_D, ""), (Z_FOR_G, "        opt_D.step()\n" + Z_FOR_G)), 3,
        {"only_last"}, "and 10 of these never reach an update", "k steps coded, only the last applied"),
    "k steps on one minibatch": (edited((DRAW_X, ""), ("        for j", "        x = next(data)\n        for j")), 3,
        {"same_reals"}, "D's k steps share one real minibatch (number 1)", "the k steps reuse one"),
    "k steps on one noise": (edited((DRAW_Z, ""), ("        for j", "        z = torch.randn(32, 3)\n        for j")),
        3, {"noise_DD"}, "D's k steps share one noise minibatch (step 2 of D", "the k steps reuse one"),
    "G reuses D's noise": (edited((Z_FOR_G, "        x_fake")), 3, {"noise_GD"},
        "step 1 of G uses noise that a step of D had used", "G reuses D's noise"),
    "D reuses G's fakes": (G_THEN_D, 1, {"noise_DG", "old_fakes"}, "judges fakes from the noise of G's own step",
        "G reuses D's noise"),
    "real step, fake step": (HALVES, 3, {"halves"}, "two optimiser steps, not one gradient of V",
        "D stepped on real, then on fake"),
    "simultaneous, D's weights first": (TOGETHER, 1, {"simultaneous", "leak_D"},
        "the loss of step 1 of G was computed before", "simultaneous updates shown as Algorithm 1"),
    "simultaneous, G's weights first": (G_MOVES_FIRST, 1, {"simultaneous", "leak_D"}, "the players move at once",
        "simultaneous updates shown as Algorithm 1"),
    "the loss negated, reals": (edited(("bce(real, torch.ones_like(real))", "-bce(real, torch.zeros_like(real))")), 3,
        {"bent"}, "it is weakest where D errs most", "called D's loss negated"),
    "the loss negated, fakes": (edited(("bce(fake, torch.zeros_like(fake))", "-bce(fake, torch.ones_like(fake))")), 3,
        {"bent"}, "the right sign and the wrong slopes", "called D's loss negated"),
    "labels smoothed on both sides": (edited(("torch.ones_like(real)", "torch.full_like(real, 0.9)"),
        ("torch.zeros_like(fake)", "torch.full_like(fake, 0.1)")), 3, {"smoothed"},
        "0.90 for reals and 0.10 for fakes", "label smoothing on the wrong"),
    "labels smoothed on the wrong side": (edited(("torch.zeros_like(fake)", "torch.full_like(fake, 0.3)")), 3,
        {"smoothed"}, "1.00 for reals and 0.30 for fakes", "label smoothing on the wrong"),
    "labels smoothed beyond 1": (edited(("torch.ones_like(real)", "torch.full_like(real, 1.2)")), 3, {"smoothed"},
        "1.20 for reals", "outside [0,1]"),
    "eval always": (edited(("    for i in", "    G.eval(), D.eval()\n    for i in")), 3, {"eval_D", "eval_G"},
        "D stands in eval mode in a step of D", "eval() always, or never"),
    "retain_graph as a cure": (edited((".detach()", ""), ("loss_D.backward()", "loss_D.backward(retain_graph=True)")),
        3, {"retain"}, "with fresh passes for each step none is needed twice", "retain_graph as a cure"),
}

# mutant: (edits of the reference, names of its faults, a piece of the report)
MUTANTS = {
    "D once": ((("range(k)", "[0]"),), {"count_D"}, "D's optimiser stepped 5 times, not kN = 15"),
    "D once too often": ((("range(k)", "range(k + 1)"),), {"count_D"}, "stepped 20 times, not kN = 15"),
    "D in every other iteration": ((("range(k)", "range(k if i % 2 else 0)"), ("G(z)\n", "G(torch.randn(32, 3))\n"),
        (Z_FOR_G, "        x_fake")), {"count_D"}, "stepped 6 times, not kN = 15"),
    "N + 1 iterations": ((("range(steps)", "range(steps + 1)"),), {"count_D", "count_G"},
        "G's optimiser stepped 6 times, not N"),
    "G k times": ((("        fake = D(x_fake)\n        loss_G",
        "        for _ in range(k - 1): opt_G.zero_grad(); softplus(-D(G("
        "torch.randn(9, 3)))).mean().backward(); opt_G.step()\n"
        "        fake = D(G(torch.randn(9, 3)))\n        loss_G"),),
        {"count_G"}, "G's optimiser stepped 15 times, not N = 5"),
    "k gradients, one step": (((STEP_D, ""), ("            opt_D.zero_grad()\n", ""),
        (Z_FOR_G, "        opt_D.step()\n        opt_D.zero_grad()\n" + Z_FOR_G),
        (STEP_G, STEP_G + "        opt_D.zero_grad()\n")),
        {"summed"}, "the gradients of 15 rounds were added up instead"),
    "all of D, then all of G": (((Z_FOR_G, "    for i in range(steps):\n" + Z_FOR_G),), {"order"},
        "in the order DDDDDDDDDDDDDDDGGGGG, and not as DDDG"),
    "one minibatch for ever": (((DRAW_X, ""), ("    for i", "    x = next(data)\n    for i")), {"old_reals",
        "same_reals"}, "real minibatch 1 comes back in a later iteration"),
    "one noise for ever": (((DRAW_Z, ""), (Z_FOR_G, "        x_fake"), ("    for i",
        "    z = torch.randn(32, 3)\n    for i")),
        {"noise_DD", "noise_DG", "noise_GD"}, "step 4 of D judges fakes from the noise of G"),
    "seed reset in every iteration": ((("        for j", "        torch.manual_seed(0)\n        for j"),),
        {"noise_DD_old", "noise_GG_old"}, "step 4 of D uses noise that an earlier iteration"),
    "fixed noise for G": (((Z_FOR_G, "        z = z0\n        x_fake"), ("    for i",
        "    z0 = torch.randn(32, 3)\n    for i")),
        {"noise_GG_old"}, "step 2 of G uses noise that an earlier step of G had used"),
    "one z for all rows": (((DRAW_Z, "            z = torch.randn(1, 3).expand(32, 3)\n"),), {"flat_noise"},
        "holds the same z more than once"),
    "fakes made ahead": ((("    for i",
        "    ahead = [G(torch.randn(32, 3)).detach() for _ in range(k * steps)]\n    for i"),
        ("G(z).detach()", "ahead[k * i + j]")), {"old_fakes"}, "fakes in a step of D were made before the last"),
    "D sees noise for fakes": ((("G(z).detach()", "torch.randn(32, 2)"),), {"strange", "one_sided"},
        "neither a real minibatch nor an output of G(z)"),
    "blurred reals": ((("D(x), D", "D(x + 0.1 * torch.randn(32, 2)), D"),), {"strange", "one_sided"},
        "D's step shows D rows"),
    "no zero_grad for D": ((("            opt_D.zero_grad()\n", ""),), {"left_D", "leak_D"},
        "step 2 of D adds gradients left over from its earlier steps"),
    "no zero_grad for G": ((("        opt_G.zero_grad()\n", ""),), {"left_G"}, "step 2 of G adds gradients left over"),
    "zero_grad before G's step only": ((("            opt_D.zero_grad()\n", ""), ("        opt_G.z",
        "        opt_D.zero_grad()\n        opt_G.z")),
        {"left_D", "leak_D"}, "step 4 of D also applies gradients of G's loss"),
    "zero_grad after D's step only": ((("            opt_D.zero_grad()\n", ""),
        (STEP_D, STEP_D + "            opt_D.zero_grad()\n")),
        {"leak_D"}, "gradients of G's loss, which went through D"),
    "D's loss flows into G": (((".detach()", ""), ("        opt_G.zero_grad()\n", ""),
        (STEP_G, STEP_G + "        opt_G.zero_grad()\n")),
        {"leak_G"}, "step 1 of G also applies gradients of D's loss: detach"),
    "zero_grad wipes D": ((("            loss_D.backward()\n",
        "            loss_D.backward()\n            opt_D.zero_grad()\n"),),
        {"no_gradient_D"}, "at step 1 of D its gradient is empty"),
    "zero_grad between the halves": ((("            loss_D.backward()\n",
        "            softplus(-real).mean().backward()\n"
        "            opt_D.zero_grad()\n            softplus(fake).mean().backward()\n"),),
        {"one_sided"}, "step 1 of D learns from fakes alone"),
    "no reals": ((("bce(real, torch.ones_like(real)) + ", ""),), {"one_sided"}, "the term of the reals is missing"),
    "no fakes": ((("+ bce(fake, torch.zeros_like(fake))", ""),), {"one_sided"}, "learns from reals alone"),
    "no weight on the fakes": ((("+ bce(fake, torch.zeros_like(fake))", "+ 0 * softplus(fake).mean()"),), {"one_sided"},
        "the term of the fakes is missing"),
    "fakes at half weight": ((("+ bce(fake", "+ 0.5 * bce(fake"),), {"weights"}, "reals to fakes as 2.00 to 1"),
    "fakes called real": ((("torch.zeros_like(fake)", "torch.ones_like(fake)"),), {"one_label"},
        "pushes both logits up"),
    "reals called fake": ((("torch.ones_like(real)", "torch.zeros_like(real)"),), {"one_label"},
        "pushes both logits down"),
    "labels of D swapped": (((LOSS_D, "softplus(real).mean() + softplus(-fake).mean()"),), {"swapped"},
        "D's loss pushes the logits of reals down and of fakes up"),
    "D descends V": (((LOSS_D, f"-({LOSS_D})"),), {"descends_V"}, "D descends V where it should ascend"),
    "G's target 0": (((LOSS_G, "bce(fake, torch.zeros_like(fake))\n        opt_G"),), {"sign_G"},
        "pushes D(G(z)) down"),
    "G ascends": (((LOSS_G, "-bce(fake, torch.ones_like(fake))\n        opt_G"),), {"sign_G"},
        "its target or its sign is wrong"),
    "G detached": ((("        fake = D(x_fake)\n        l", "        fake = D(x_fake.detach())\n        l"),),
        {"no_gradient_G"}, "at step 1 of G its gradient is empty"),
    "G without D": (((LOSS_G, "(x_fake - x).square().mean()\n        opt_G"),), {"around_D"},
        "does not come from D(G(z))"),
    "D's optimiser in G's step": ((("        opt_G.step()", "        opt_G.step(); opt_D.step()"),),
        {"count_D", "left_D", "leak_D"}, "stepped 20 times, not kN = 15"),
    "one optimiser for both": ((("    for i",
        "    opt_G = torch.optim.SGD([*G.parameters(), *D.parameters()], 0.01)\n    for i"),),
        {"both", "count_D", "leak_D"}, "one optimiser holds the weights of both players"),
    "D moved by hand": ((("        opt_G.step()",
        "        opt_G.step()\n        with torch.no_grad(): D.net[0].bias.add_(0.1)"),),
        {"tampered_D"}, "D's weights changed outside a step of D's optimiser"),
    "G moved by hand": (((STEP_D, STEP_D + "            G.net[0].bias.data += 0.1\n"),), {"tampered_G"},
        "G's weights changed outside"),
    "D left frozen": ((("        z = torch.randn(len(x), G.latent_dim)\n        x_fake",
        "        D.requires_grad_(False)\n        "
        "z = torch.randn(len(x), G.latent_dim)\n        x_fake"),), {"raised"}, "frozen, detached or under no_grad"),
    "raw logits in a logarithm": (((LOSS_D, "-(real.log().mean() + (1 - fake).log().mean())"),), {"bent"},
        "the wrong slopes"),
    "a root of 0": (((LOSS_D, f"{LOSS_D} + (real - real).sqrt().mean()"),), {"nan_D", "nan_G"},
        "at step 1 of D its gradient is not a finite number"),
    "D in eval mode for G": ((("        fake = D(x_fake)\n        l",
        "        D.eval(); fake = D(x_fake); D.train()\n        l"),),
        {"eval_D"}, "D stands in eval mode in a step of G"),
    "losses kept with their graphs": ((("    for i", "    log = []\n    for i"),
        (STEP_G, STEP_G + "        log.append(loss_G)\n")), {"kept"}, "keep loss.item(), not the loss"),
    "G's loss computed too early": (((STEP_D, "            fake = D(G(torch.randn(32, 3)))\n" + STEP_D),
        ("        fake = D(x_fake)\n        l", "        l")), {"raised"}, "A loss was computed before an update"),
    "backward twice": ((("            loss_D.backward()\n",
        "            loss_D.backward()\n            loss_D.backward()\n"),),
        {"raised"}, "Not retain_graph is the cure"),
    "probabilities expected": ((("            loss_D.backward()",
        "            torch.nn.BCELoss()(real, torch.ones_like(real))"),), {"raised"}, "D returns logits"),
    "never ends": ((("range(steps)", "itertools.count()"),), {"endless"}, "does not end by itself and was cut after"),
    "a generator": (((STEP_G, STEP_G + "        yield\n"),), {"generator"}, "take out yield or async"),
}

# a whole loop of its own: (source, names of its faults, a piece of the report)
WRECKS = {
    "empty": ("def loop(G, D, opt_G, opt_D, data, k, steps): ...", {"nothing"}, "no optimiser made a step"),
    "six arguments": ("def loop(G, D, opt_G, opt_D, data, k): ...", {"signature"},
        "cannot be called as loop(G, D, opt_G,"),
    "no function": ("loop = 'Algorithm 1'", {"signature"}, "cannot be called"),
    "raises": ("def loop(*args): raise KeyError('z')", {"raised"}, "stopped with KeyError: 'z', after 0 steps of D"),
    "leaves Python": ("def loop(*args): raise SystemExit", {"raised"}, "stopped with SystemExit"),
    "names an object": ("def loop(*args): raise ValueError(object())", {"raised"}, "stopped with ValueError, after"),
    "never sees the end of the data": ("def loop(G, D, opt_G, opt_D, data, k, steps):\n    return list(data)",
        {"endless"}, "cut after 0 steps of D and 0 of G"),
    "swallows the cut": ("def loop(G, D, opt_G, opt_D, data, k, steps):\n    try: list(data)\n    except: pass",
        {"endless"}, "does not end by itself"),
    "swallows every Exception": ("def loop(G, D, opt_G, opt_D, data, k, steps):\n    while True:\n        try: G(1)\n"
        "        except Exception: data()", {"endless"}, "does not end by itself"),
}
SPINS = "def loop(G, D, opt_G, opt_D, data, k, steps):\n    while steps: pass"
