"""``av-td3``: the command line tools."""

import argparse
import sys

from av_td3.cli.extras import require_train
from av_td3.cli.failures import tool_exit_code
from av_td3.cli.tool_arguments import parse_tool


def main(argv: list[str] | None = None) -> int:
    """Run one tool; returns the exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ["train"]:
        from av_td3.cli.train import main as train

        return train(words[1:])
    return tool_exit_code(lambda: _run(parse_tool(words)))


def _run(arguments: argparse.Namespace) -> int:
    if arguments.tool == "simulator":
        require_train("the simulator")
        from av_td3.simulator.builtin.serving import serve_simulator

        return serve_simulator(arguments.host, arguments.port, arguments.town, arguments.quality, arguments.stop_with_input)
    if arguments.tool == "doctor":
        from av_td3.cli.doctor import doctor

        return doctor(arguments.overrides, arguments.json)
    if arguments.tool == "watch":
        from av_td3.cli.watch import watch

        return watch(arguments.run, arguments.port, arguments.record)
    if arguments.tool == "sbatch":
        from av_td3.cli.batch import sbatch

        return sbatch(arguments.overrides, arguments.config_dir)
    if arguments.tool == "evaluate":
        require_train("evaluation")
        from av_td3.cli.evaluate import Request, evaluate_command

        options = {name: value for name, value in vars(arguments).items() if name not in ("tool", "package")}
        return evaluate_command(Request(**options, packages=arguments.package))
    if arguments.tool == "export":
        require_train("export")
        from av_td3.cli.export import export

        return export(arguments.run, arguments.format, arguments.checkpoint, arguments.output, arguments.package)
    return _read(arguments)


def _read(arguments: argparse.Namespace) -> int:
    """Run a tool that reads logs."""
    if arguments.tool in ("diagnose", "gate"):
        from av_td3.cli import read_tools  # imported here, so that each tool loads only what it needs

        if arguments.tool == "gate":
            return read_tools.gate(arguments.run, arguments.gate, arguments.set, arguments.tag, arguments.json)
        return read_tools.diagnose(arguments.run, arguments.set, arguments.tag, arguments.json, arguments.verbose)

    if arguments.tool == "sweep" and arguments.cancel_doomed:
        from av_td3.cli.cancel_doomed import cancel_doomed

        return cancel_doomed(arguments.folder)

    from av_td3.cli import write_tools

    if arguments.tool == "report":
        return write_tools.report(arguments.run, arguments.output, arguments.set, arguments.tag)
    if arguments.tool == "compare":
        return write_tools.compare(arguments.baseline, arguments.candidate, arguments.output, arguments.tag)
    return write_tools.sweep(arguments.folder, arguments.output, arguments.watch)


if __name__ == "__main__":
    sys.exit(main())
