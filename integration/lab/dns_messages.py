"""DNS messages: the question who answers (id.server, RFC 4892), and the answer."""

import struct

HEADER = struct.Struct("!HHHHHH")
QUESTION_NAME = b"\x02id\x06server\x00"
TXT, CHAOS = 16, 3
QUERY_FLAGS, ANSWER_FLAGS = 0x0100, 0x8580
NAME_POINTER = b"\xc0\x0c"  # to the question's name, RFC 1035 §4.1.4


def question(number: int) -> bytes:
    """The question with this id."""
    return (HEADER.pack(number, QUERY_FLAGS, 1, 0, 0, 0)
            + QUESTION_NAME + struct.pack("!HH", TXT, CHAOS))


def answer(to: bytes, text: str) -> bytes:
    """The answer to such a question: one TXT record."""
    number = struct.unpack_from("!H", to)[0]
    data = bytes([len(text)]) + text.encode()
    return (HEADER.pack(number, ANSWER_FLAGS, 1, 1, 0, 0) + to[HEADER.size:]
            + NAME_POINTER + struct.pack("!HHIH", TXT, CHAOS, 0, len(data)) + data)


def read_answer(message: bytes) -> tuple:
    """The id of an answer, and its text."""
    number = struct.unpack_from("!H", message)[0]
    rest = message[HEADER.size + len(QUESTION_NAME) + 4 + len(NAME_POINTER) + 10:]
    return number, rest[1:1 + rest[0]].decode()
