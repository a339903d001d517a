"""`python3 -m unittest`: the service asked over HTTP, in this process."""

import json
import threading
import unittest
import urllib.error
import urllib.request

import server


class ServiceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server(("127.0.0.1", 0), server.Handler)
        cls.url = f"http://127.0.0.1:{cls.server.server_port}"
        threading.Thread(target=cls.server.serve_forever, args=(0.05,)).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def ask(self, path, body=None, **headers):
        request = urllib.request.Request(self.url + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def test_it_is_healthy(self):
        status, body = self.ask("/health")
        self.assertEqual((status, body["status"]), (200, "ok"))

    def test_it_echoes_json(self):
        self.assertEqual(self.ask("/api/echo", b'{"a": [1, null]}'), (200, {"echo": {"a": [1, None]}}))

    def test_broken_json_is_the_clients_mistake(self):
        status, body = self.ask("/api/echo", b"{", **{"X-Request-ID": "mine"})
        self.assertEqual((status, body["request_id"]), (400, "mine"))

    def test_a_body_that_is_too_large_is_refused(self):
        self.assertEqual(self.ask("/api/echo", b" " * (server.BODY_LIMIT + 1))[0], 413)

    def test_what_is_not_there_is_an_error_in_json(self):
        self.assertEqual(self.ask("/nowhere")[0], 404)
        self.assertEqual(self.ask("/api/echo")[0], 405)


if __name__ == "__main__":
    unittest.main()
