"""The commands of ``distill`` and their options; what they do is in the files beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine import __version__
from engine.cli import store
from engine.cli.home import Home
from engine.cli.terminal import say
from engine.store import home_folder
from engine.store.stop_escalation import ASK_S, TERMINATE_S

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Knowledge distillation: one TOML file is one run. The window (distill-gui) shares the same home folder.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Remember = Annotated[bool, typer.Option("--remember", hidden=True)]  # the window's: not again what went well before
RunReference = Annotated[str, typer.Argument(metavar="RUN", help="Number or exact name of a run.")]
RunReferences = Annotated[list[str], typer.Argument(metavar="RUN...", help="Numbers or exact names of runs.")]

app.add_typer(store.app, name="store")


def _version(wanted: bool) -> None:
    if wanted:
        say(f"distill {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


@app.command()
def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of one run; “-” reads it from stdin.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key, such as loss.lambda=0.3; KEY= takes it out."),
    ] = None,
    queue: Annotated[bool, typer.Option("--queue", help="Only add it to the queue; “distill work” trains it.")] = False,
    home: Home = None,
) -> None:
    """Train one run here and now, and store it."""
    from engine.cli.run import run_here

    raise typer.Exit(run_here(config, settings or [], home_folder(home), only_queue=queue))


@app.command()
def sweep(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of one run; “-” reads it from stdin.")],
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="KEY=VALUES",
            help="A key and its values: loss.lambda=0.1,0.2 or loss.lambda=0:1:0.1 (from:to:step). Once for each key; "
            "of several, every combination is a run.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key in all of them.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the runs; nothing is stored.")] = False,
    work: Annotated[
        bool, typer.Option("--work", help="Train them here and now, as “distill work” does with the queue.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Also more than 100 runs at once, up to 1,000.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Only look, as --dry-run does, and print what was found as JSON.")
    ] = False,
    remember: Remember = False,
    home: Home = None,
) -> None:
    """Queue one run for every combination of some keys' values; all or none of them. “distill work” trains them."""
    from engine.cli.sweep import look_only, sweep_here

    overs, overrides, folder = over or [], settings or [], home_folder(home)
    if json:
        raise typer.Exit(look_only(config, overs, overrides, folder, force=force, remember=remember))
    raise typer.Exit(sweep_here(config, overs, overrides, folder, dry_run=dry_run, force=force, work=work))


@app.command()
def check(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of one run; “-” reads it from stdin.")],
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key.")] = None,
    json: AsJson = False,
    remember: Remember = False,
    home: Home = None,
) -> None:
    """Say whether a run could start, what would stop it, and its sizes. Nothing is written or downloaded."""
    from engine.cli.run import check_only

    raise typer.Exit(check_only(config, settings or [], json, home_folder(home), remember))


@app.command()
def doctor(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of one run; “-” reads it from stdin.")],
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key.")] = None,
    rows: Annotated[int, typer.Option("--rows", min=16, max=4096, help="Rows to sample for what is measured.")] = 256,
    json: AsJson = False,
    home: Home = None,
) -> None:
    """Load the models and measure, in seconds, what training would meet. Nothing is trained, downloaded or stored."""
    from engine.cli.doctor import examine_and_print

    raise typer.Exit(examine_and_print(config, settings or [], home_folder(home), rows, json))


@app.command()
def runs(
    trash: Annotated[bool, typer.Option("--trash", help="List the discarded runs instead.")] = False,
    json: AsJson = False,
    home: Home = None,
) -> None:
    """List the runs."""
    from engine.cli.look import list_runs

    list_runs(home_folder(home), json, trash)


@app.command()
def discard(runs: RunReferences, home: Home = None) -> None:
    """Move runs to the trash: hidden, not deleted."""
    from engine.cli.trash import discard_runs

    discard_runs(home_folder(home), runs)


@app.command()
def restore(runs: RunReferences, home: Home = None) -> None:
    """Bring runs back from the trash."""
    from engine.cli.trash import restore_runs

    restore_runs(home_folder(home), runs)


@app.command()
def purge(
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Which; all that is in the trash if none is named.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = None,
) -> None:
    """Delete runs in the trash for good, after naming their sizes and a question."""
    from engine.cli.trash import purge_runs

    purge_runs(home_folder(home), runs or [], yes)


@app.command()
def show(run: RunReference, json: AsJson = False, home: Home = None) -> None:
    """Show one run: configuration, scores, how it ended, the end of its log."""
    from engine.cli.look import show_run

    show_run(home_folder(home), run, json)


@app.command()
def table(
    format: Annotated[str, typer.Option("--format", help="text, markdown, csv, latex, json or html.")] = "text",
    own_only: Annotated[bool, typer.Option("--own-only", help="Leave the published rows out.")] = False,
    gradient_share: Annotated[
        bool,
        typer.Option("--gradient-share", help="Also say what the students were trained by: the labels, or the rest."),
    ] = False,
    home: Home = None,
) -> None:
    """The runs as a paper's Table 2, between the published rows."""
    from engine.cli.look import print_table

    print_table(home_folder(home), format, not own_only, gradient_share)


@app.command()
def compare(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...", help="Numbers or exact names of runs; all that have finished if none is named."
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option("--task", help="Which task, where the runs are of several; else the one with most runs."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="RUN", help="Compare with this run's method; else with no teacher."),
    ] = None,
    format: Annotated[str, typer.Option("--format", help="text, markdown or json.")] = "text",
    home: Home = None,
) -> None:
    """Runs against each other: who is better and how sure that is over the seeds, and what was set differently."""
    from engine.cli.compare import compare_runs

    raise typer.Exit(compare_runs(home_folder(home), runs or [], task, baseline, format))


@app.command()
def stop(
    run: RunReference,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Only ask, and return at once; nothing is forced.")
    ] = False,
    now: Annotated[
        bool,
        typer.Option(
            "--now", help="Do not ask: kill its process with all that it started. No student is kept by that."
        ),
    ] = False,
    ask: Annotated[
        float, typer.Option("--ask-s", min=0, help="Seconds until a run that was asked is told to end (SIGTERM).")
    ] = ASK_S,
    terminate: Annotated[
        float, typer.Option("--terminate-s", min=0, help="Seconds from then until its process is killed.")
    ] = TERMINATE_S,
    home: Home = None,
) -> None:
    """Stop a run and keep its student: ask, wait, and insist in the end. A queued one is taken out of the queue.

    Both times begin anew while the run winds down, evaluating or keeping its student. Ctrl+C ends the waiting, not the stop.
    """
    from engine.cli.stop import Patience, stop_run

    raise typer.Exit(stop_run(home_folder(home), run, Patience(ask, terminate), wait=not no_wait, now=now))


@app.command()
def pause(run: RunReference, home: Home = None) -> None:
    """Ask a running run to write a checkpoint and give its device back; resume goes on from there."""
    from engine.cli.look import pause_run

    pause_run(home_folder(home), run)


@app.command()
def resume(
    run: RunReference,
    queue: Annotated[bool, typer.Option("--queue", help="Only add it to the queue; “distill work” trains it.")] = False,
    home: Home = None,
) -> None:
    """Go on with a run that was paused or stopped, failed or was interrupted, from its last checkpoint."""
    from engine.cli.run import resume_here

    raise typer.Exit(resume_here(run, home_folder(home), only_queue=queue))


@app.command()
def export(
    run: RunReference,
    folder: Annotated[Path, typer.Argument(help="Folder to write; must not hold anything else.")],
    format: Annotated[str, typer.Option("--format", help="Which of the export formats.")] = "huggingface",
    home: Home = None,
) -> None:
    """Take the kept student of a run away."""
    from engine.cli.look import export_run

    export_run(home_folder(home), run, folder, format)


@app.command()
def describe(json: AsJson = False) -> None:
    """What there is to choose from: tasks, losses, export formats, every key of a configuration."""
    from engine.cli.describe import describe_all

    describe_all(json)


@app.command()
def losses(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which; every one if none is named.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Every loss: formula, the tensors it reads, where it is from, and what its tests prove of it."""
    from engine.cli.losses import print_losses

    print_losses(names or [], json)


@app.command()
def work(
    stay: Annotated[
        float, typer.Option("--stay-s", min=0, help="Seconds to wait for another run before ending.")
    ] = 0.5,
    checkpoints: Annotated[
        float, typer.Option("--checkpoint-s", min=0, help="Seconds between checkpoints; more where writing takes long.")
    ] = 60.0,
    resume_interrupted: Annotated[
        bool,
        typer.Option(
            "--resume-interrupted", help="Also go on with runs whose process died, as long as they get further."
        ),
    ] = False,
    at_once: Annotated[
        int,
        typer.Option(
            "--at-once",
            min=1,
            max=64,
            help="Train so many runs at a time, each in a process with its share of the cores: where runs are too small to use "
            "the whole machine. Each needs memory of its own, on the device too.",
        ),
    ] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not say how each run ended.")] = False,
    under: Annotated[int, typer.Option("--under", min=0, hidden=True)] = 0,
    sweep: Annotated[str, typer.Option("--sweep", hidden=True)] = "",
    home: Home = None,
) -> None:
    """Train the queued runs, one after another or several at once."""
    from engine.cli.work import work as take_runs
    from engine.cli.work import work_together, work_under

    if under:
        work_under(home_folder(home), under, stay, checkpoints, quiet)
        return
    if sweep:
        from engine.cli.sweep_work import train_all

        raise typer.Exit(train_all(home_folder(home), [int(number) for number in sweep.split(",")]))
    if at_once > 1:
        done = work_together(home_folder(home), at_once, stay, checkpoints, resume_interrupted, quiet)
    else:
        done = take_runs(home_folder(home), stay, checkpoints, resume_interrupted, quiet) or 0
    say(f"{done} run{'s' if done != 1 else ''} done.", error=True)


cache = typer.Typer(
    no_args_is_help=True,
    help="Teachers' answers and tokens that runs of this home share. They take at most 20 GB or a quarter of the disk's free "
    "room, whichever is less; the environment variable DISTILL_CACHE_GB sets another limit in gigabytes, 0 keeps nothing.",
)
app.add_typer(cache, name="cache")


@cache.command("list")
def list_(json: AsJson = False, home: Home = None) -> None:
    """List what is kept: what it is, its size, when it was last used."""
    from engine.cli.cache import list_cache

    list_cache(home_folder(home), json)


@cache.command()
def verify(home: Home = None) -> None:
    """Read every entry in full and say which are damaged; exit status 1 if one is."""
    from engine.cli.cache import verify_cache

    raise typer.Exit(verify_cache(home_folder(home)))


@cache.command()
def clear(
    older_than_days: Annotated[
        float, typer.Option("--older-than-days", metavar="N", min=0, help="Only what was not used for N days.")
    ] = 0.0,
    teachers: Annotated[
        bool,
        typer.Option("--teachers", help="Fine-tuned teachers instead, after a yes; never one that a living run uses."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask about teachers.")] = False,
    home: Home = None,
) -> None:
    """Take entries out; a run that needs one makes it again."""
    if teachers:
        from engine.cli.kept_teachers import clear_teachers

        clear_teachers(home_folder(home), older_than_days, yes)
        return
    from engine.cli.cache import clear_cache

    clear_cache(home_folder(home), older_than_days)
