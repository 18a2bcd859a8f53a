"""The words of an audit: the lines of Algorithm 1, and of each fault the line it breaks, one sentence, and the published
error it is. When a fault is there belongs in `audit`.
"""

LINES = {
    1: "for number of training iterations do",
    2: "for k steps do",
    3: "sample a minibatch of m noise samples",
    4: "sample a minibatch of m examples from the data",
    5: "update D by ascending its stochastic gradient",
    6: "end for",
    7: "sample a minibatch of m noise samples",
    8: "update G by descending its stochastic gradient",
}

_K_LOST = "k steps coded, only the last applied"
_REUSED = "the k steps reuse one minibatch, or G reuses D's noise"

# name: (line, sentence, published error or None); a sentence may use k, N, kN, D, G (steps made), rounds, order
FAULTS: dict[str, tuple[int, str, str | None]] = {
    # the loop as a whole
    "signature": (1, "the loop cannot be called as loop(G, D, opt_G, opt_D, data, k, steps): {error}.", None),
    "raised": (1, "the loop stopped with {error}, after {D} steps of D and {G} of G.{hint}", None),
    "endless": (1, "the loop does not end by itself and was cut after {D} steps of D and {G} of G, where kN = {kN} and "
                   "N = {N} were due.", None),
    "generator": (1, "the loop returned a generator or coroutine and did not run: take out yield or async.", None),
    "nothing": (1, "no optimiser made a step: call opt_D.step() and opt_G.step().", None),
    "kept": (1, "graphs of earlier iterations are still in memory, which grows with every step: keep loss.item(), not the "
                "loss.", None),
    "count_G": (1, "G's optimiser stepped {G} times, not N = {N}.", None),
    "count_D": (2, "D's optimiser stepped {D} times, not kN = {kN}.", None),
    "only_last": (2, "D's optimiser stepped {D} times, not kN = {kN}: D was run on real minibatches {rounds} times, and "
                     "{lost} of these never reach an update.", _K_LOST),
    "summed": (2, "D's optimiser stepped {D} times, not kN = {kN}: the gradients of {rounds} rounds were added up instead.",
               None),
    "order": (2, "the optimisers stepped in the order {order}, and not as {printed} in every iteration.", None),
    # D's minibatches
    "noise_DD": (3, "D's k steps share one noise minibatch (step {n} of D is the first to use it again).", _REUSED),
    "noise_DD_old": (3, "step {n} of D uses noise that an earlier iteration had used: draw z inside the loops.", None),
    "noise_DG": (3, "step {n} of D judges fakes from the noise of G's own step: draw a fresh z for D.", _REUSED),
    "flat_noise": (3, "a noise minibatch holds the same z more than once: draw every row anew.", None),
    "old_fakes": (3, "fakes in a step of {player} were made before the last update of G: call G(z) again.", None),
    "strange": (4, "{player}'s step shows D rows that are neither a real minibatch nor an output of G(z).", None),
    "same_reals": (4, "D's k steps share one real minibatch (number {draw}): draw a fresh x for each step.", _REUSED),
    "old_reals": (4, "real minibatch {draw} comes back in a later iteration: draw x inside the loops.", None),
    # D's update
    "no_gradient_D": (5, "at step {n} of D its gradient is empty: backward is missing, D is frozen, or zero_grad stands "
                         "between backward and step.", None),
    "nan_D": (5, "at step {n} of D its gradient is not a finite number.", None),
    "left_D": (5, "step {n} of D adds gradients left over from its earlier steps: opt_D.zero_grad() is missing.", None),
    "leak_D": (5, "step {n} of D also applies gradients of G's loss, which went through D and were not cleared: call "
                  "opt_D.zero_grad() before D's backward.", None),
    "halves": (5, "D steps on reals alone and then on fakes alone: two optimiser steps, not one gradient of V.",
               "D stepped on real, then on fake"),
    "one_sided": (5, "step {n} of D learns from {seen} alone: the term of the {missing} is missing.", None),
    "one_label": (5, "D's loss gives reals and fakes the same label: it pushes both logits {way}.", None),
    "swapped": (5, "D's loss pushes the logits of reals down and of fakes up, while G tries to push its fakes up.", None),
    "descends_V": (5, "D descends V where it should ascend: the sign of D's loss is wrong.", None),
    "bent": (5, "D's loss has the right sign and the wrong slopes: it is weakest where D errs most, as log(1 - D(x)) is on "
                "reals.", "the flipped-label loss called D's loss negated"),
    "smoothed": (5, "D's targets are {real:.2f} for reals and {fake:.2f} for fakes: only the target of reals may be "
                    "smoothed, and to no more than 1.", "label smoothing on the wrong or on both sides, or outside [0,1]"),
    "weights": (5, "D's loss weighs reals to fakes as {ratio:.2f} to 1, and V weighs them alike.", None),
    "eval_D": (5, "D stands in eval mode in a step of {player}: its BatchNorm and dropout would not train.",
               "eval() always, or never"),
    "tampered_D": (5, "D's weights changed outside a step of D's optimiser.", None),
    "retain": (5, "backward keeps its graph (retain_graph=True): with fresh passes for each step none is needed twice.",
               "retain_graph as a cure"),
    # G's minibatch and update
    "noise_GD": (7, "step {n} of G uses noise that a step of D had used: draw a fresh z for G.", _REUSED),
    "noise_GG_old": (7, "step {n} of G uses noise that an earlier step of G had used: draw z inside the loop.", None),
    "no_gradient_G": (8, "at step {n} of G its gradient is empty: backward is missing, detach or no_grad cuts it off, or "
                         "zero_grad stands between backward and step.", None),
    "nan_G": (8, "at step {n} of G its gradient is not a finite number.", None),
    "left_G": (8, "step {n} of G adds gradients left over from its earlier steps: opt_G.zero_grad() is missing.", None),
    "leak_G": (8, "step {n} of G also applies gradients of D's loss: detach G(z) in D's step, or call opt_G.zero_grad() "
                  "before G's backward.", None),
    "simultaneous": (8, "the players move at once: the loss of step {n} of {player} was computed before the other's last "
                        "update.", "simultaneous updates shown as Algorithm 1"),
    "around_D": (8, "the loss of step {n} of G does not come from D(G(z)).", None),
    "sign_G": (8, "G's loss pushes D(G(z)) down, towards fake: its target or its sign is wrong.", None),
    "both": (8, "one optimiser holds the weights of both players, so each step moves both.", None),
    "eval_G": (8, "G stands in eval mode in a step of {player}: its BatchNorm would not train.", "eval() always, or never"),
    "tampered_G": (8, "G's weights changed outside a step of G's optimiser.", None),
}

# part of an error's text: what to do about it
HINTS = {
    "second time": " Not retain_graph is the cure: call G and D anew for each step.",
    "inplace operation": " A loss was computed before an update and used after it: compute it after.",
    "between 0 and 1": " D returns logits: use binary_cross_entropy_with_logits, or sigmoid first.",
    "does not require grad": " Something that must be learnt is frozen, detached or under no_grad.",
}
