"""Leads connections to a port of this machine's loopback to another: forward.py FROM TO"""

import asyncio
import sys


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main(source, target):
    async def connected(reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", source)
    await server.serve_forever()


asyncio.run(main(*map(int, sys.argv[1:])))
