"""The settings under which Gibsey is given each of its providers, for an upstream of a test."""
KEY = "sk-secret-of-{}-0123456789abcdef"
NAMES = {"llm": ("LLM_API_URL", "LLM_API_KEY", "LLM_MODEL", "LLM_TIMEOUT"),
         "llm_fallback": ("LLM_FALLBACK_URL", "LLM_FALLBACK_KEY", "LLM_FALLBACK_MODEL", "LLM_FALLBACK_TIMEOUT"),
         "openai": ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL", "OPENAI_TIMEOUT"),
         "ollama": ("OLLAMA_BASE_URL", "OLLAMA_API_KEY", "OLLAMA_MODEL", "OLLAMA_TIMEOUT"),
         "anthropic": ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "CLAUDE_MODEL", "CLAUDE_TIMEOUT")}
MODELS = {"llm": "big-70b", "llm_fallback": "other-70b", "openai": "gpt-4o-mini", "ollama": "llama3:70b", "anthropic": "claude-3-haiku-20240307"}
CAN_BE_BEGUN = {"ollama", "anthropic"}  # they go on from the beginning of a reply that they are given


def settings(name, address, seconds):
    """`seconds`: to the first token."""
    url, key, model, timeout = NAMES[name]
    path = "" if name in CAN_BE_BEGUN else "/v1"
    return {url: address + path, key: KEY.format(name), model: MODELS[name], timeout: str(seconds)}


def providers(order, upstreams, seconds):
    """The settings of a server that asks these ({name: upstream}) in this order."""
    environment = {"LLM_PROVIDERS": order}
    for name, upstream in upstreams.items():
        environment |= settings(name, upstream.address, seconds)
    return environment
