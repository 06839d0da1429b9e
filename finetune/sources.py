"""What a dataset is made of, and what it must not hold: the cases of both splits.

Training cases are asked exactly as the evaluation asks them, or as it would if their file had tabs.
References are taken from embedded suites alone: their sources belong to this project, while those
of a repository belong to others and are only ever read to put the question.
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from pytest_llmops.cases import suite_hash, suite_of
from pytest_llmops.completions import Message
from pytest_llmops.local_models import LocalModel
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.selection import Choice, Selection, select
from pytest_llmops.tasks.suites import find_suites

from .errors import FinetuneError
from .examples import Answer, Count, Question
from .leaks import Item
from .project import Base, Project
from .references import hidden_names, reference_completion
from .settings import Settings
from .tabs import answer_with_tabs, task_with_tabs


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """The two splits, as far as a dataset needs them."""

    training: Selection
    evaluation: Selection
    references: frozenset[str]
    """Suites whose reference solutions may be trained on."""
    base: LocalModel
    """Decides with what context and instruction the cases are asked."""

    @property
    def sha256(self) -> tuple[str, str]:
        """Digests over the cases of both splits, their files included."""
        return _hash(self.training), _hash(self.evaluation)

    @property
    def clusters(self) -> dict[str, int]:
        """Training cases by cluster, which is named with its suite."""
        counts: dict[str, int] = {}
        for case in self.training.cases.values():
            name = cluster_name(suite_of(case), case.cluster)
            counts[name] = counts.get(name, 0) + 1
        return counts

    def questions(self) -> dict[str, Question]:
        """Every training case as it is asked.

        Raises:
            CaseError: A source tree does not hold what the manifest says.
        """
        return {name: self._question(self.training.task(name)) for name in self.training.cases}

    def reference_answers(self, questions: dict[str, Question], count: Count) -> list[Answer]:
        """Both forms of every reference that can be written from what its prompt shows.

        Raises:
            FinetuneError: A reference does not survive being read as an answer.
        """
        found = []
        for name, question in questions.items():
            task = self.training.task(name)
            shown = question.messages[-1].content
            if question.suite in self.references and not hidden_names(task, shown):
                found += _forms(task, question, count)
        return found

    def with_tabs(
        self, answers: Iterable[Answer], cases: Collection[str], count: Count
    ) -> list[Answer]:
        """Show the answers to some cases, and what was asked, indented with tabs.

        Cases that are not indented, or have tabs already, stay as they are.
        """
        tasks = {name: task_with_tabs(self.training.task(name)) for name in cases}
        asked = {name: self._question(task) for name, task in tasks.items()}
        shown = []
        for one in answers:
            case = one.question.case
            changed = case in asked and asked[case] != one.question
            shown.append(_with_tabs(one, tasks[case], asked[case], count) if changed else one)
        return shown

    def guarded(self) -> list[Item]:
        """Every evaluation case, for the leak check.

        Raises:
            CaseError: See `questions`.
        """
        return [
            Item(
                case=name,
                suite=suite_of(case),
                cluster=case.cluster,
                messages=self._ask(self.evaluation.task(name)),
                answer=self.evaluation.task(name).reference,
            )
            for name, case in self.evaluation.cases.items()
        ]

    def _question(self, task: Task) -> Question:
        return Question(
            case=task.case.id,
            suite=suite_of(task.case),
            cluster=task.case.cluster,
            messages=self._ask(task),
        )

    def _ask(self, task: Task) -> tuple[Message, ...]:
        base = self.base
        return build_messages(
            task, context_tokens=base.context_tokens, instruction=base.instruction
        )


def cluster_name(suite: str, cluster: str) -> str:
    """A cluster's name over all suites."""
    return f"{suite}:{cluster}"


def open_sources(project: Project, base: Base, settings: Settings) -> Sources:
    """Open the suites that are trained on and those that are evaluated on.

    Raises:
        CaseError: A suite is unknown, or has no cases of its split.
        SourceError: A suite that was named cannot be reached.
        FinetuneError: References were asked of a suite that is not embedded.
    """
    data = settings.data
    references = data.reference_suites if data.references else ()
    for suite in find_suites(project.suites_file, references) if references else ():
        if not suite.folder:
            raise FinetuneError(
                f"data.reference_suites: {suite.name!r} is cloned from {suite.repository}; its "
                "sources are not this project's, so its solutions are never trained on"
            )
    names = tuple(dict.fromkeys((*settings.collect.suites, *references)))
    return Sources(
        training=_open(project, names, "train"),
        evaluation=_open(project, data.eval_suites, "eval"),
        references=frozenset(references),
        base=base.model,
    )


def _hash(selection: Selection) -> str:
    return suite_hash(list(selection.cases.values()))


def _open(project: Project, suites: Sequence[str], split: str) -> Selection:
    return select(Choice(suites_file=project.suites_file, suites=tuple(suites), split=split))


def _forms(task: Task, question: Question, count: Count) -> list[Answer]:
    found = []
    for form in ("short", "long"):
        text = reference_completion(task, form)
        found.append(
            Answer(
                question=question,
                completion=text,
                output_tokens=count(text),
                source="reference",
                form=form,
                record_sha256=task.case.body_sha256,
            )
        )
    return found


def _with_tabs(answer: Answer, task: Task, question: Question, count: Count) -> Answer:
    if answer.form == "sampled":
        text = answer_with_tabs(answer.completion, task.module.path)
    else:
        text = reference_completion(task, answer.form)
    return msgspec.structs.replace(
        answer,
        question=question,
        completion=text,
        output_tokens=count(text),
        indent="tabs",
    )
