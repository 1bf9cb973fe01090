# What others use, read as their documentation says: Peers.py httpx|openai|litellm ADDRESS MODEL.
# Reports as ChunkReader does, and lives until its standard input ends.
import json, os, sys, time

kind, address, model = sys.argv[1:4]
for name in list(os.environ):
    if name.lower().endswith("_proxy"):
        del os.environ[name]
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
# It takes an answer that repeats itself for a fault.
os.environ["REPEATED_STREAMING_CHUNK_LIMIT"] = "1000000"
messages = [{"role": "user", "content": "Say something."}]


def pieces_of_httpx():
    import httpx

    client = httpx.Client(timeout=None)

    def pieces(model):
        body = {"model": model, "messages": messages, "stream": True}
        with client.stream("POST", address + "/v1/chat/completions", json=body) as response:
            for line in response.iter_lines():
                if line.startswith("data: ") and line != "data: [DONE]":
                    for choice in json.loads(line[6:])["choices"]:
                        yield choice["delta"].get("content")

    return pieces


def pieces_of_openai():
    import openai

    client = openai.OpenAI(api_key="sk-bench", base_url=address + "/v1")

    def pieces(model):
        for chunk in client.chat.completions.create(model=model, messages=messages, stream=True):
            for choice in chunk.choices:
                yield choice.delta.content

    return pieces


def pieces_of_litellm():
    import litellm

    def pieces(model):
        answer = litellm.completion(
            model="openai/" + model, messages=messages, stream=True, api_key="sk-bench", api_base=address + "/v1")
        for chunk in answer:
            for choice in chunk.choices:
                yield choice.delta.content

    return pieces


def first_token():
    start, first, count = time.monotonic(), None, 0
    for piece in pieces("single-3"):
        if piece:
            first = first or time.monotonic()
            count += 1
    assert count == 3, count
    return (first - start) * 1000


pieces = {"httpx": pieces_of_httpx, "openai": pieces_of_openai, "litellm": pieces_of_litellm}[kind]()
ready = time.monotonic()
first_call = first_token()
later = sorted(first_token() for _ in range(20))[10]
start, processor = time.monotonic(), time.process_time()
characters = sum(len(piece) for piece in pieces(model) if piece)
seconds, cost = time.monotonic() - start, time.process_time() - processor
print(json.dumps({
    "ready": ready, "firstCall": first_call, "firstToken": later, "chunks": characters // len(" word"),
    "seconds": seconds, "processor": cost}), flush=True)
sys.stdin.readline()
