"""The API over a real socket."""

from tests.storage.hosting import Storage


def test_an_uploaded_file_comes_back_as_it_was(storage: Storage) -> None:
    file = storage.stored(b"hello", name="hello.txt")
    reply = storage.get(file["id"])
    assert (reply.status_code, reply.content) == (200, b"hello")
    assert reply.headers["etag"] == file["etag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert reply.headers["content-type"] == "text/plain"
