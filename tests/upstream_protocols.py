"""The wire forms of three model servers as they stream: OpenAI-compatible, Ollama, Anthropic. Bytes out of texts, and what their requests
mean; the server that sends them is in upstreams.py."""
import json
import time


def dump(value):
    """UTF-8 as it stands, so that a cut can go through a character."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def tokens(text):
    return (len(text.encode()) + 3) // 4


class Reply:
    """One streamed reply. `usage`: "true", "late" (half a second after the text), "never" or "wrong"."""

    content_type = "text/event-stream; charset=utf-8"

    def __init__(self, request, usage):
        self.request, self.usage = request, usage
        self.model = request.get("model", "")
        self.written = 0

    def counts(self):
        """(prompt, completion) as this server tells them, None where it does not."""
        if self.usage == "never":
            return None
        if self.usage == "wrong":
            return -7, "many"
        return sum(tokens(message["content"]) for message in normal_prompt(self.request)), self.written

    def pause_before_counts(self):
        return 0.5 if self.usage == "late" else 0


class OpenAiReply(Reply):
    def chunk(self, choices, **more):
        return b"data: " + dump({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": self.model,
                                 "choices": choices, **more}) + b"\n\n"

    def delta(self, delta, finish=None):
        return self.chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}], usage=None)

    def begin(self):
        return self.delta({"role": "assistant", "content": ""})

    def thought(self, text):
        return self.delta({"reasoning_content": text})

    def piece(self, text):
        self.written += 1
        return self.delta({"content": text})

    def end(self, reason):
        """[(seconds before it, bytes)]"""
        sent = [(0, self.delta({}, "length" if reason == "length" else "stop"))]
        counts = self.counts() if self.request.get("stream_options", {}).get("include_usage") else None
        if counts:
            usage = {"prompt_tokens": counts[0], "completion_tokens": counts[1], "total_tokens": counts[0]}
            sent.append((self.pause_before_counts(), self.chunk([], usage=usage)))
        return [*sent, (0, b"data: [DONE]\n\n")]

    @staticmethod
    def error(message):
        return b"data: " + dump({"error": {"message": message, "type": "server_error", "param": None, "code": None}}) + b"\n\n"

    @staticmethod
    def refusal(status, message):
        kind = {401: "authentication_error", 403: "permission_denied", 404: "not_found", 429: "rate_limit_exceeded"}.get(status, "server_error")
        return {"error": {"message": message, "type": kind, "param": None, "code": "invalid_api_key" if status == 401 else None}}


class OllamaReply(Reply):
    content_type = "application/x-ndjson"

    def line(self, message, done=False, **more):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
        return dump({"model": self.model, "created_at": stamp, "message": {"role": "assistant", **message}, "done": done, **more}) + b"\n"

    def begin(self):
        return b""

    def thought(self, text):
        return self.line({"content": "", "thinking": text})

    def piece(self, text):
        self.written += 1
        return self.line({"content": text})

    def end(self, reason):
        counts = self.counts()
        numbers = {"prompt_eval_count": counts[0], "eval_count": counts[1], "eval_duration": 1000, "total_duration": 2000} if counts else {}
        reason = "length" if reason == "length" else "stop"
        return [(self.pause_before_counts(), self.line({"content": ""}, True, done_reason=reason, **numbers))]

    @staticmethod
    def error(message):
        return dump({"error": message}) + b"\n"

    @staticmethod
    def refusal(_status, message):
        return {"error": message}


class AnthropicReply(Reply):
    def __init__(self, request, usage):
        super().__init__(request, usage)
        self.block = -1
        self.kind = None

    @staticmethod
    def event(kind, **fields):
        return f"event: {kind}\n".encode() + b"data: " + dump({"type": kind, **fields}) + b"\n\n"

    def begin(self):
        counts = self.counts()
        usage = {"input_tokens": counts[0], "output_tokens": 1} if counts else {}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": self.model, "content": [], "stop_reason": None,
                   "stop_sequence": None, "usage": usage}
        return self.event("message_start", message=message) + self.event("ping")

    def open_block(self, kind, block):
        if self.kind == kind:
            return b""
        sent = self.close_block()
        self.kind, self.block = kind, self.block + 1
        return sent + self.event("content_block_start", index=self.block, content_block=block)

    def close_block(self):
        if self.kind is None:
            return b""
        signature = self.delta({"type": "signature_delta", "signature": "c2ln"}) if self.kind == "thinking" else b""
        self.kind = None
        return signature + self.event("content_block_stop", index=self.block)

    def delta(self, delta):
        return self.event("content_block_delta", index=self.block, delta=delta)

    def thought(self, text):
        return self.open_block("thinking", {"type": "thinking", "thinking": "", "signature": ""}) + self.delta(
            {"type": "thinking_delta", "thinking": text})

    def piece(self, text):
        self.written += 1
        return self.open_block("text", {"type": "text", "text": ""}) + self.delta({"type": "text_delta", "text": text})

    def end(self, reason):
        counts = self.counts()
        stop = {"stop_reason": "max_tokens" if reason == "length" else "end_turn", "stop_sequence": None}
        usage = {"usage": {"output_tokens": counts[1]}} if counts else {}
        return [(0, self.close_block()), (self.pause_before_counts(), self.event("message_delta", delta=stop, **usage)),
                (0, self.event("message_stop"))]

    @classmethod
    def error(cls, message):
        return cls.event("error", error={"type": "overloaded_error", "message": message})

    @staticmethod
    def refusal(status, message):
        kind = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 413: "request_too_large",
                429: "rate_limit_error", 529: "overloaded_error"}.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


REPLIES = {"/v1/chat/completions": OpenAiReply, "/api/chat": OllamaReply, "/v1/messages": AnthropicReply}


def flat(content):
    """A message's text; Anthropic's may be blocks."""
    return content if isinstance(content, str) else "\n\n".join(block.get("text", "") for block in content)


def normal_prompt(request):
    """[{role, content}] with all that stands under `system` as one first message and neighbours of one role joined: the same for one
    prompt, whichever protocol it was sent in."""
    messages = [("system", flat(request["system"]))] if request.get("system") else []
    for message in request.get("messages", []):
        role, text = message["role"], flat(message["content"]).strip()
        if messages and messages[-1][0] == role:
            messages[-1] = (role, messages[-1][1] + "\n\n" + text)
        else:
            messages.append((role, text))
    return [{"role": role, "content": text.strip()} for role, text in messages]


def models_body(path, headers, models):
    """The lists by which a client finds out whether a server is there."""
    if path == "/api/tags":
        return {"models": [{"name": name, "model": name, "size": 1} for name in models]}
    if path == "/api/version":
        return {"version": "0.5.0"}
    if path != "/v1/models":
        return None
    if "anthropic-version" in headers:
        return {"data": [{"type": "model", "id": name, "display_name": name} for name in models], "has_more": False}
    return {"object": "list", "data": [{"id": name, "object": "model", "created": 1700000000, "owned_by": "here"} for name in models]}


def vector(text):
    """Eight numbers that depend on the text alone."""
    return [round(((sum(text.encode()) * (place + 3)) % 97) / 97, 4) for place in range(8)]


def embeddings_body(path, request):
    texts = request.get("input", "")
    texts = [texts] if isinstance(texts, str) else texts
    count = sum(tokens(text) for text in texts)
    if path == "/api/embed":
        return {"model": request.get("model"), "embeddings": [vector(text) for text in texts], "prompt_eval_count": count}
    data = [{"object": "embedding", "index": place, "embedding": vector(text)} for place, text in enumerate(texts)]
    return {"object": "list", "data": data, "model": request.get("model"), "usage": {"prompt_tokens": count, "total_tokens": count}}
