"""What an explorer's page asks of Python: one question at a time, the newest wins, and a late answer still counts."""

from gan_edu.widgets.base import source
from node_run import needs_node, run_js

pytestmark = needs_node

# a model without a kernel: what is sent is kept, `answer` plays Python's part; outcome(p) is what a promise has come to
MODEL = """const sent = [], heard = [], slow = [], stops = [];
const model = { send: (m) => { if (gone) throw new Error("disposed"); sent.push(m); }, on: (_, fn) => heard.push(fn), off: () => {} };
let gone = false;
const ask = kit.asker(model, (fn) => stops.push(fn), (is) => slow.push(is), 20);
const answer = (i, more = {}) => heard[0]({ kind: "answer", id: sent[i].id, content: { to: sent[i].content.n }, ...more }, []);
const wait = (ms = 0) => new Promise((done) => setTimeout(done, ms));
const outcome = async (p) => { let found = "open"; p.then((r) => { found = r === null ? "overtaken" : r.content.to; }, (e) => { found = e.message; });
  await wait(); return found; };
"""


def play(body):
    return run_js([source("kit.js"), MODEL], body + "\nstops.forEach((stop) => stop()); return out;")


def test_one_question_is_in_the_air_and_the_newest_of_a_topic_follows_it():
    out = play("""const p = [1, 2, 3].map((n) => ask("draw", { n })), other = ask("near", { n: 4 });
        const first = sent.length; answer(0); answer(1); answer(2);
        const out = [first, sent.map((m) => m.content.n), ...await Promise.all([...p, other].map(outcome))];""")
    assert out == [1, [1, 3, 4], 1, "overtaken", 3, 4]


def test_an_answer_that_comes_late_still_counts_and_takes_the_warning_away():
    out = play("""const p = ask("draw", { n: 1 }); await wait(40);
        const before = [await outcome(p), [...slow]]; answer(0);
        const out = [...before, await outcome(p), slow];""")
    assert out == ["open", [True], 1, [True, False]]


def test_after_a_wait_too_long_other_questions_go_out_and_a_newer_one_takes_the_place_of_the_old():
    out = play("""const old = ask("draw", { n: 1 }), near = ask("near", { n: 2 }); await wait(30);
        const then = sent.map((m) => m.content.n); await wait(30); const young = ask("draw", { n: 3 });
        answer(0); answer(1); answer(2);
        const out = [then, ...await Promise.all([old, near, young].map(outcome))];""")
    assert out == [[1, 2], "overtaken", 2, 3]


def test_python_that_cannot_be_reached_is_said_at_once_and_its_errors_are_handed_on():
    out = play("""const p = ask("draw", { n: 1 }); answer(0, { error: "no such z" }); gone = true;
        const out = await Promise.all([p, ask("draw", { n: 2 })].map(outcome));""")
    assert out == ["no such z", "The kernel that made this figure is gone. Run the cell again."]
