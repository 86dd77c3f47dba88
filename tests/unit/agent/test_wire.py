"""bot/agent/wire_pb2.py is what the generator makes of bot/agent/wire.proto."""

from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parents[3]


def test_the_generated_messages_are_those_of_the_proto_file(tmp_path: Path) -> None:
    includes = ["-I", str(ROOT), "-I", str(files("grpc_tools") / "_proto")]
    outputs = [f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]
    assert protoc.main(["protoc", *includes, *outputs, "bot/agent/wire.proto"]) == 0
    for name in ("wire_pb2.py", "wire_pb2.pyi"):
        made = (tmp_path / "bot/agent" / name).read_text()
        assert made == (ROOT / "bot/agent" / name).read_text()
