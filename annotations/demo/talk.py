"""A phone call: the bot guesses, asks and mishears; the caller repeats or gives up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from annotations.demo import bot, phrases, prompts, speech, storm
from annotations.demo.catalogue import OUT_OF_SCOPE, DemoCatalogue, DemoIntent
from annotations.demo.conversations import Turn
from annotations.demo.dice import Dice, Weighted
from annotations.demo.draft import Draft
from annotations.demo.values import Person

_OUT_OF_SCOPE_SHARE = 0.085
_MAX_MISTAKES = 3


class World:
    """What all calls share: the catalogue and how often each intent is asked for."""

    def __init__(self, known: DemoCatalogue) -> None:
        self.catalogue = known
        self.oos = known.by_name[OUT_OF_SCOPE]
        ranked = known.requests_by_popularity
        self.requests = _zipf(ranked)
        # Nobody writes a ticket to ask for an agent.
        self.written = _zipf([i for i in ranked if i.domain != "conversation"])

    def request(self, dice: Dice) -> DemoIntent:
        if dice.chance(_OUT_OF_SCOPE_SHARE):
            return self.oos
        return dice.weighted(self.requests)


def _zipf(ranked: Sequence[DemoIntent]) -> Weighted[DemoIntent]:
    """Zipf's law, flattened at the head as call reasons are."""
    return Weighted(ranked, [1 / (rank + 3) for rank in range(len(ranked))])


@dataclass
class Talk:
    """A call as it goes: the bot guesses, asks, mishears; the caller bears it."""

    world: World
    person: Person
    at: datetime
    dice: Dice
    in_storm: bool = False
    outcome: str = ""
    mistakes: int = 0
    turns: list[Turn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.quality = self.dice.weighted(speech.QUALITIES)

    def run(self) -> None:
        self.bot(self.dice.pick(prompts.GREETINGS))
        intent, first = self.wish()
        if self.understood(intent, first):
            self.serve(intent)
        if not self.outcome and self.dice.chance(0.12):
            self.bot(prompts.ANYTHING_ELSE)
            self.another_request()
        if not self.outcome:
            self.close()

    def wish(self) -> tuple[DemoIntent, str]:
        """What the call is about, and how it is said first."""
        if self.in_storm and self.dice.chance(storm.SHARE):
            name, said = storm.ask(self.dice)
            return self.world.catalogue.by_name[name], phrases.framed(said, self.dice)
        intent = self.world.request(self.dice)
        return intent, phrases.opening(intent, self.dice)

    def understood(self, intent: DemoIntent, text: str) -> bool:
        """Whether the bot gets the request in the end; else the call is over."""
        while not self.caller(intent, text):
            self.mistakes += 1
            if self.gives_up():
                return False
            text = self.repeat(intent, text)
        return True

    def gives_up(self) -> bool:
        """After a mistake: an agent, the receiver put down, or another try."""
        last = self.turns[-1].guess
        assert last is not None
        if last.is_fallback:
            self.bot(self.dice.pick(prompts.FALLBACKS))
        else:
            title = self.world.catalogue.by_name[last.intent].title.lower()
            self.bot(self.dice.pick(prompts.OFFERS).format(title=title))
            self.objects()
        if self.mistakes >= _MAX_MISTAKES or self.dice.chance(0.35):
            if self.dice.chance(0.55):
                self.says("talk_to_agent")
                self.bot(prompts.TRANSFER)
                self.outcome = "transferred"
            else:
                self.outcome = "abandoned"
            return True
        return False

    def objects(self) -> None:
        self.says("complain_about_bot" if self.dice.chance(0.25) else "confirm_no")
        self.bot(self.dice.pick(prompts.FALLBACKS))

    def repeat(self, intent: DemoIntent, text: str) -> str:
        """The request again: the same words, or others."""
        if self.dice.chance(0.35):
            return f"{self.dice.pick(phrases.REPEATS)} {text}"
        return phrases.core(intent, self.dice)

    def serve(self, intent: DemoIntent) -> None:
        """Ask for what the function still needs, confirm, do it."""
        if intent.is_out_of_scope:
            self.bot(prompts.OUT_OF_SCOPE)
            return
        spoken = {span.param for span in self.turns[-1].spans}
        for name in intent.required:
            if name not in spoken and self.dice.chance(0.5):
                self.ask(name)
        if self.dice.chance(0.3):
            self.bot(self.dice.pick(prompts.CONFIRM).format(title=intent.title.lower()))
            self.says("confirm_yes" if self.dice.chance(0.85) else "confirm_no")

    def ask(self, name: str) -> None:
        self.bot(self.world.catalogue.parameters[name].prompt)
        if self.dice.chance(0.06):
            self.says(self.dice.pick(("hold_on", "repeat_that")))
            self.bot(self.world.catalogue.parameters[name].prompt)
        self.answers("provide_details", prompts.ANSWERS, name)
        if self.dice.chance(0.10) and name in self.known("correct_details"):
            self.bot(prompts.MISHEARD)
            self.answers("correct_details", prompts.CORRECTIONS, name)

    def known(self, intent: str) -> dict[str, bool]:
        return self.world.catalogue.by_name[intent].parameters or {}

    def answers(self, intent: str, patterns: tuple[str, ...], name: str) -> None:
        label = prompts.LABELS.get(name, name.replace("_", " "))
        text = self.dice.pick(patterns).replace("NAME", label)
        self.caller(
            self.world.catalogue.by_name[intent], text.replace("VALUE", f"{{{name}}}")
        )

    def another_request(self) -> None:
        intent = self.world.request(self.dice)
        lead = self.dice.pick(phrases.FOLLOW_UPS)
        text = f"{lead} {phrases.core(intent, self.dice)}"
        if self.understood(intent, text):
            self.serve(intent)

    def close(self) -> None:
        """Some calls need a person whatever the bot understood."""
        if self.dice.chance(0.38 + 0.14 * self.mistakes):
            self.outcome = "transferred" if self.dice.chance(0.6) else "abandoned"
            if self.outcome == "transferred":
                self.bot(prompts.TRANSFER)
            return
        self.outcome = "contained"
        self.bot(prompts.ANYTHING_ELSE)
        if self.dice.chance(0.4):
            self.says("end_call")

    def says(self, name: str) -> None:
        intent = self.world.catalogue.by_name[name]
        self.caller(intent, phrases.core(intent, self.dice))

    def bot(self, text: str) -> None:
        self.at += timedelta(seconds=self.dice.between(2, 9))
        self.turns.append(Turn("bot", text, self.at))

    def caller(self, intent: DemoIntent, text: str) -> bool:
        """Add what the caller says; whether the bot understood it."""
        self.at += timedelta(seconds=self.dice.between(2, 12))
        draft = Draft(self.world.catalogue, self.person, self.at.date(), self.dice)
        draft.say(text)
        draft.words = speech.hear(draft.words, self.quality, self.dice)
        heard, spans = draft.render(intent.parameters or ())
        guess = bot.guess(
            intent,
            quality=self.quality,
            catalogue=self.world.catalogue,
            dice=self.dice,
        )
        self.turns.append(Turn("caller", heard, self.at, intent.name, spans, guess))
        return guess.intent == intent.name and not guess.is_fallback
