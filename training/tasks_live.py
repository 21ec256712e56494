"""Live turns on queue `default`: into the pool, and past the challengers."""

from celery import shared_task

from training.services import live_pool


@shared_task(name="training.tasks.sweep_live_turns", ignore_result=True)
def sweep_live_turns() -> None:
    """Turns answered a while ago join the pool, very old answers go."""
    live_pool.pool()
    live_pool.forget_old()


@shared_task(name="training.tasks.sweep_shadow", ignore_result=True)
def sweep_shadow() -> None:
    """Challengers answer what the champion was asked; who saw enough is decided on."""
    from training.services import shadow, shadow_wait

    shadow.sweep()
    shadow_wait.sweep()
