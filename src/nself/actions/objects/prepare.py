"""What a store needs before files may go there: its buckets, and no files left where they would not be found."""

from __future__ import annotations

from nself.actions.objects import move, store
from nself.actions.stack import Stack
from nself.errors import ConfigError
from nself.events import Emit, Note, Warned
from nself.s3.client import Client
from nself.s3.errors import StoreError
from nself.services import storage, stores

PROBE, CONTENT = ".nself-probe", b"written and read back by nself start\n"


def prepare(stack: Stack, emit: Emit) -> None:
    """Make what is missing; what is there is left as it is, its policy too."""
    found = stores.settings(stack.project)
    with store.of_stack(stack) as client:
        client.await_answer()
        own = found.bucket or ""
        theirs = [name for spec in stack.runtime.specs for name in spec.buckets]
        for name in dict.fromkeys((own, *found.buckets, *theirs)):
            if client.create(name):
                emit(Note(f"made the bucket {name}"))
                if name == stores.PUBLIC:
                    _open_to_all(client, name, emit)
        _prove(client, own)
    _refuse_hidden_files(stack)


def _prove(client: Client, bucket: str) -> None:
    """Some stores answer before they can take or give anything; whoever needs them must not find out. With content, as
    an empty object needs no place among the store's volumes."""
    client.put(bucket, PROBE, CONTENT)
    with client.get(bucket, PROBE) as answer:
        found = answer.read()
    client.delete(bucket, PROBE)
    if found != CONTENT:
        raise StoreError(
            f"the object store gave back {len(found)} bytes that are not the {len(CONTENT)} it was given",
            fixes=["nself logs: what it says itself", "nself doctor: is the disk well?"],
        )


def _open_to_all(client: Client, name: str, emit: Emit) -> None:
    try:
        client.set_policy(name, "public")
    except StoreError as error:
        instead = "let the storage service serve public files"
        emit(Warned(f"the bucket {name} stays private: {error.message}", fix=instead))


def _refuse_hidden_files(stack: Stack) -> None:
    """Files of the time before the store are in a folder that nothing looks into any more."""
    left = len(move.on_disk(stack.project)) if storage.store_of(stack.project) else 0
    if left:
        raise ConfigError(
            f"{left} files of the storage service are in its folder, and the object store is to hold them now",
            fixes=["nself service storage move, then: nself start", "STORAGE_BACKEND=disk in .env keeps the folder"],
        )
