"""`python -m bot agent` as a process: how it starts, stops, and refuses to start."""

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import trio

from tests.agent_harness import KEY
from tests.core_harness import free_port
from tests.fake_xray import FakeXray, serving_xray

HEADERS = {"authorization": f"Bearer {KEY}"}


@contextmanager
def agent_process(directory: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {"PATH": os.environ["PATH"], "VPN_API_KEY": KEY, "LOG_FORMAT": "json"}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "agent"],
        env=environment | settings,
        cwd=directory,  # no .env
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr
        process.stderr.close()


async def answering(address: str) -> None:
    """Return once another process answers: nothing but looking is left at its border."""
    async with httpx.AsyncClient(base_url=address, headers=HEADERS) as client:
        with trio.fail_after(60):  # a busy machine is no failure
            while True:
                try:
                    await client.get("/v1/health")
                except httpx.TransportError:
                    await trio.sleep(0.05)
                else:
                    return


async def refused(address: str) -> None:
    """Return once another process accepts nothing more."""
    host, port = address.split(":")
    while True:
        try:
            stream = await trio.open_tcp_stream(host, int(port))
        except OSError:
            return
        await stream.aclose()


async def ended(process: subprocess.Popen[bytes]) -> int:
    with trio.fail_after(20):
        return await trio.to_thread.run_sync(process.wait)


async def test_sigterm_lets_a_running_request_end_and_leaves_with_0(tmp_path: Path) -> None:
    xray, someone = FakeXray(stalled={"AddUserOperation"}), str(uuid4())
    address = f"127.0.0.1:{free_port()}"
    answers: list[httpx.Response] = []

    async def add(client: httpx.AsyncClient) -> None:
        answers.append(await client.post("/v1/users", json={"uuid": someone}))

    with (
        serving_xray(xray) as core,
        agent_process(tmp_path, AGENT_BIND=address, CORE_API_ADDRESS=core) as process,
    ):
        await answering(f"http://{address}")
        async with (
            httpx.AsyncClient(base_url=f"http://{address}", headers=HEADERS) as client,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(add, client)
            assert await trio.to_thread.run_sync(xray.stalling.wait, 5)
            process.send_signal(signal.SIGTERM)
            with trio.fail_after(5):
                await refused(address)
            xray.release.set()
        assert await ended(process) == 0
    assert [answer.status_code for answer in answers] == [201]
    assert xray.clients == {someone}


async def cut_off(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post("/v1/users", json={"uuid": str(uuid4())})


async def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    xray = FakeXray(stalled={"AddUserOperation"})
    address = f"127.0.0.1:{free_port()}"
    settings = {"AGENT_BIND": address, "CORE_TIMEOUT": "60"}
    with (
        serving_xray(xray) as core,
        agent_process(tmp_path, CORE_API_ADDRESS=core, **settings) as process,
    ):
        await answering(f"http://{address}")
        async with (
            httpx.AsyncClient(base_url=f"http://{address}", headers=HEADERS) as client,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(cut_off, client)
            assert await trio.to_thread.run_sync(xray.stalling.wait, 5)
            process.send_signal(signal.SIGINT)
            assert process.stderr
            while b'"again": false' not in await trio.to_thread.run_sync(process.stderr.readline):
                pass
            process.send_signal(signal.SIGINT)
            assert await ended(process) == 0


async def test_it_waits_for_a_core_that_is_not_there_yet(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    with agent_process(
        tmp_path, AGENT_BIND=address, CORE_API_ADDRESS=f"127.0.0.1:{free_port()}"
    ) as process:
        await answering(f"http://{address}")
        assert process.poll() is None
        process.terminate()
        assert await ended(process) == 0


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"VPN_API_KEY": "hush"}, 78, b"VPN_API_KEY: 16 or more"),
        ({"CORE_FLAVOR": "hush"}, 78, b"CORE_FLAVOR: "),
    ],
)
async def test_a_bad_configuration_ends_with_78(
    changes: dict[str, str], code: int, named: bytes, tmp_path: Path
) -> None:
    with agent_process(tmp_path, **changes) as process:
        assert await ended(process) == code
        assert process.stderr
        said = process.stderr.read()
    assert named in said
    assert b"hush" not in said
    assert b"Traceback" not in said


async def test_a_port_that_is_taken_ends_with_70(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        with agent_process(tmp_path, AGENT_BIND=bind) as process:
            assert await ended(process) == 70
            assert process.stderr
            said = process.stderr.read()
    assert b"AGENT_BIND" in said
    assert b"Traceback" not in said


def test_without_grpc_it_says_what_to_install_and_the_bot_needs_none(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class NoGrpc:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in {'grpc', 'google.protobuf'}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, NoGrpc())\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path),
        "VPN_API_KEY": KEY,
    }
    command = [sys.executable, "-m", "bot"]
    done = subprocess.run(
        [*command, "agent"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert "warren[agent]" in done.stderr
    assert "Traceback" not in done.stderr

    every_other = "import bot.app, bot.demo, bot.doctor, bot.maintenance"
    subprocess.run([sys.executable, "-c", every_other], env=environment, check=True)


def peak_memory_mb(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    [peak] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read memory from")
async def test_a_hundred_thousand_clients_are_listed_in_bounded_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    xray, rng = FakeXray(), random.Random(1)
    people = [UUID(int=rng.getrandbits(128), version=4) for _ in range(100_000)]
    xray.fill(people)
    address = f"127.0.0.1:{free_port()}"
    settings = {"AGENT_BIND": address, "CORE_TIMEOUT": "20"}
    with (
        serving_xray(xray) as core,
        agent_process(tmp_path, CORE_API_ADDRESS=core, **settings) as process,
    ):
        await answering(f"http://{address}")
        before = peak_memory_mb(process)
        async with httpx.AsyncClient(
            base_url=f"http://{address}", headers=HEADERS, timeout=60
        ) as client:
            started = trio.current_time()
            listed = (await client.get("/v1/users")).json()["users"]
            streamed_at = trio.current_time()
            walked, after = 0, None
            while True:
                query = {"limit": 5000} | ({"after": after} if after else {})
                page = (await client.get("/v1/users", params=query)).json()
                walked, after = walked + len(page["users"]), page["next"]
                if after is None:
                    break
            walked_at = trio.current_time()
        grown = peak_memory_mb(process) - before
    assert {user["uuid"] for user in listed} == {str(uuid) for uuid in people}
    assert walked == len(people)
    # One message of the core (11 MB here), what gRPC needs for it, and one snapshot of the walk.
    assert grown < 100
    with capsys.disabled():
        print(
            f"\n100,000 clients: streamed in {streamed_at - started:.1f} s, "
            f"walked in {walked_at - streamed_at:.1f} s, {grown:.0f} MB more at the most"
        )
