"""Reads the JSON messages of a WebSocket."""
import asyncio
import json


async def receive(socket, seconds=60):
    return json.loads(await asyncio.wait_for(socket.recv(), seconds))


async def receive_until(socket, last, seconds=60):
    """The messages up to the first for which `last` holds; `seconds`: for each."""
    messages = [await receive(socket, seconds)]
    while not last(messages[-1]):
        messages.append(await receive(socket, seconds))
    return messages


def of_type(*kinds):
    return lambda message: message["type"] in kinds
