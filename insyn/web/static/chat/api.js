/** A call that failed: `status` 0 when no answer came; `message` is fit to show, or empty. */
export class ApiError extends Error {
  constructor(status, message = "", id = "", retryAfter = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.id = id;
    this.retryAfter = retryAfter;
  }

  /** Whether the same call may succeed later without being changed. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 425 || this.status === 429 || this.status >= 500;
  }
}

const PATIENCE_MS = 30_000;

async function call(method, path, options) {
  const response = await request(method, path, options);
  return response.status === 204 ? null : response.json();
}

async function request(method, path, { token, body, key, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  try {
    const response = await fetch(`/api/chat/${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
    if (!response.ok) throw await refusal(response);
    return response;
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw new ApiError(0);
  }
}

/** The error that a refusing `response` stands for. */
export async function refusal(response) {
  const { error } = await response.json().catch(() => ({}));
  const wait = Number(response.headers.get("Retry-After"));
  return new ApiError(response.status, error?.message, error?.id, wait > 0 ? wait : null);
}

export const begin = (signal) => call("POST", "conversations", { body: {}, signal });

/** `what` is `{text}` or `{choice}`; the same `key` is answered once however often it is sent. */
export const say = (token, what, key, signal) => call("POST", "messages", { token, body: what, key, signal });

export const transcript = (token, signal) => call("GET", "transcript", { token, signal });

export const erase = (token) => call("DELETE", "conversation", { token });

/** A file that a message offers, as a Blob. */
export const file = async (token, path) => (await request("GET", path, { token })).blob();

export const rate = (token, messageId, value) =>
  call("POST", "feedback", { token, body: { message_id: messageId, value } });
