"""Tell a worker that there is something to do: which bell for what."""

from annotations import doorbell


def ring_round(round_id: int) -> None:
    """After the commit: somebody on queue `gpu` should look at this round."""
    from training.tasks_rounds import run_round

    doorbell.ring(run_round, round_id)


def ring_ranking() -> None:
    """After the commit: the queue may have to be ranked anew."""
    from training.tasks_ranking import sweep_ranking

    doorbell.ring(sweep_ranking)
