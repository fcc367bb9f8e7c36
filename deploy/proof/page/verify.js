"use strict";
// The same checks as `fuyan events verify`, with nothing but what a browser has.
const SENTENCES = /*SENTENCES*/ {};
const SEALED = /*SEALED*/ [];
const SHOWN = 200;
const WORDS = {
  good: ["✓ 全部相符", "✓ Everything holds"],
  bad: ["✗ 不符", "✗ Something differs"],
  own: [
    "公钥取自文件包本身，只能说明内容自洽。请另从系统的 /v1/keys 取得公钥再核验一次。",
    "The public key comes from the file itself, which so only agrees with itself. Check once more with a key from elsewhere: /v1/keys.",
  ],
  withheld: ["未随包带出或已依法删除的数据", "Data withheld, or erased by law"],
  events: ["事件", "Events"], heads: ["树头", "Signed heads"], streams: ["事件流", "Streams"],
  log: ["日志", "Log"], scope: ["范围", "Scope"], whole: ["全部", "everything"],
  taken: ["导出", "Taken"], key: ["公钥", "Key"],
  choose: ["请先选择文件。", "Choose a file first."],
  working: ["正在核验", "Checking"],
  failed: ["不能核验：", "Cannot be checked: "],
};
let language = 0;
let last = null;

const text = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true });
const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
const unhex = (string) => {
  if (!/^([0-9a-f]{2})*$/.test(string)) throw new Error("not hexadecimal");
  return Uint8Array.from({ length: string.length / 2 }, (_, i) => parseInt(string.substr(2 * i, 2), 16));
};
const joined = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
};
const big = (number, width) => {
  const bytes = new Uint8Array(width);
  for (let i = width - 1; i >= 0; i--) { bytes[i] = number % 256; number = Math.floor(number / 256); }
  return bytes;
};
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const node = (left, right) => sha256(joined(Uint8Array.of(1), left, right));
const before = (a, b) => {
  const x = text.encode(a), y = text.encode(b);
  for (let i = 0; i < x.length && i < y.length; i++) if (x[i] !== y[i]) return x[i] < y[i];
  return x.length < y.length;
};

// --- the file ---------------------------------------------------------------------------------
class Damaged extends Error {
  constructor(part, reason) { super(`${part}: ${reason}`); this.part = part; this.reason = reason; }
}

async function opened(chosen) {
  if (chosen.length === 1 && /\.zip$/i.test(chosen[0].name)) return zipped(chosen[0]);
  const parts = new Map();
  for (const file of chosen) {
    const name = /\.bin$/.test(file.name) ? `leaves/${file.name}` : file.name;
    parts.set(name, async () => new Uint8Array(await file.arrayBuffer()));
  }
  return parts;
}

async function zipped(file) {
  const bytes = async (from, to) => new DataView(await file.slice(from, to).arrayBuffer());
  const tail = await bytes(Math.max(0, file.size - 65557), file.size);
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) throw new Damaged(file.name, "no zip");
  let count = tail.getUint16(at + 10, true), size = tail.getUint32(at + 12, true), start = tail.getUint32(at + 16, true);
  if (start === 0xffffffff) throw new Damaged(file.name, "larger than a browser reads: use `fuyan events verify`");
  const directory = await bytes(start, start + size);
  const parts = new Map();
  for (let p = 0; count > 0; count--) {
    const method = directory.getUint16(p + 10, true);
    let packed = directory.getUint32(p + 20, true), plain = directory.getUint32(p + 24, true), offset = directory.getUint32(p + 42, true);
    const lengths = [28, 30, 32].map((i) => directory.getUint16(p + i, true));
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, p + 46, lengths[0]));
    for (let e = p + 46 + lengths[0]; e < p + 46 + lengths[0] + lengths[1];) {
      const id = directory.getUint16(e, true), length = directory.getUint16(e + 2, true);
      if (id === 1) {
        let v = e + 4;
        if (plain === 0xffffffff) { plain = Number(directory.getBigUint64(v, true)); v += 8; }
        if (packed === 0xffffffff) { packed = Number(directory.getBigUint64(v, true)); v += 8; }
        if (offset === 0xffffffff) offset = Number(directory.getBigUint64(v, true));
      }
      e += 4 + length;
    }
    parts.set(name, async () => {
      const local = await bytes(offset, offset + 30);
      const from = offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
      const blob = file.slice(from, from + packed);
      if (method === 0) return new Uint8Array(await blob.arrayBuffer());
      const stream = blob.stream().pipeThrough(new DecompressionStream("deflate-raw"));
      try { return new Uint8Array(await new Response(stream).arrayBuffer()); }
      catch (error) { throw new Damaged(name, String(error)); }
    });
    p += 46 + lengths[0] + lengths[1] + lengths[2];
  }
  return parts;
}

async function part(parts, name) {
  const read = parts.get(name);
  if (!read) throw new Damaged(name, "not in the file");
  return read();
}
async function json(parts, name) {
  const bytes = await part(parts, name);
  try { return JSON.parse(utf8.decode(bytes)); } catch (error) { throw new Damaged(name, String(error)); }
}

// --- the tree ---------------------------------------------------------------------------------
async function raised(level) {
  const above = [];
  for (let at = 0; at + 1 < level.length; at += 4096) {
    const pairs = [];
    for (let i = at; i < at + 4096 && i + 1 < level.length; i += 2) pairs.push(node(level[i], level[i + 1]));
    above.push(...(await Promise.all(pairs)));
  }
  if (level.length % 2) above.push(level[level.length - 1]);
  return above;
}
async function root(leaves) {
  let level = leaves;
  while (level.length > 1) level = await raised(level);
  return level.length ? level[0] : sha256(new Uint8Array());
}
// Kept by aligned blocks, so that thousands of heads do not hash the whole log each.
class Tree {
  constructor(leaves) { this.levels = [leaves]; }
  async build() {
    while (this.levels[this.levels.length - 1].length > 1) this.levels.push(await raised(this.levels[this.levels.length - 1]));
    return this;
  }
  async root(size) {
    let found = null, end = size;
    for (let height = 0, rest = size; rest > 0; height++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 0) continue;
      const width = 2 ** height, block = this.levels[height][(end - width) / width];
      found = found === null ? block : await node(block, found);
      end -= width;
    }
    return found === null ? sha256(new Uint8Array()) : found;
  }
}
async function climbed(leaf, index, size, path, claimed) {
  if (!(index >= 0 && index < size)) return false;
  let at = index, end = size - 1, found = leaf;
  for (const hash of path) {
    if (end === 0) return false;
    if (at % 2 === 1 || at === end) {
      found = await node(hash, found);
      while (at % 2 === 0 && at > 0) { at /= 2; end = Math.floor(end / 2); }
    } else found = await node(found, hash);
    at = Math.floor(at / 2); end = Math.floor(end / 2);
  }
  return end === 0 && hex(found) === claimed;
}
async function consistent(size, old, grown, now, path) {
  if (!(size > 0 && size <= grown)) return false;
  if (size === grown) return path.length === 0 && old === now;
  const rest = [...path];
  if (Number.isInteger(Math.log2(size))) rest.unshift(unhex(old));
  if (!rest.length) return false;
  let at = size - 1, end = grown - 1;
  while (at % 2 === 1) { at = Math.floor(at / 2); end = Math.floor(end / 2); }
  let first = rest[0], second = rest[0];
  for (const hash of rest.slice(1)) {
    if (end === 0) return false;
    if (at % 2 === 1 || at === end) {
      first = await node(hash, first); second = await node(hash, second);
      while (at % 2 === 0 && at > 0) { at /= 2; end = Math.floor(end / 2); }
    } else second = await node(second, hash);
    at = Math.floor(at / 2); end = Math.floor(end / 2);
  }
  return end === 0 && hex(first) === old && hex(second) === now;
}
const streamLeaf = (name, version) => {
  const bytes = text.encode(name);
  return sha256(joined(Uint8Array.of(2), big(bytes.length, 4), bytes, big(version, 8)));
};
async function shown(span, count, claimed) {
  const entries = span.entries;
  if (!entries.length) { if (count) throw new Error("no stream is shown, though there are some"); return []; }
  for (let i = 0; i < entries.length; i++) {
    const one = entries[i], last = entries[i - 1];
    if (last && one.index !== last.index + 1) throw new Error(`something is left out behind ${last.name}`);
    if (last && !before(last.name, one.name)) throw new Error(`${one.name} is out of order`);
    const leaf = await streamLeaf(one.name, one.version);
    if (!(await climbed(leaf, one.index, count, one.path.map(unhex), claimed))) throw new Error(`${one.name} at version ${one.version} is not in the map`);
  }
  const first = entries[0], end = entries[entries.length - 1];
  if (first.index > 0 && !before(first.name, span.start)) throw new Error("what lies before the first one is left out");
  if (end.index < count - 1 && before(end.name, span.end)) throw new Error("what lies behind the last one is left out");
  return entries.filter((e) => !before(e.name, span.start) && before(e.name, span.end)).map((e) => [e.name, e.version]);
}

// --- lines ------------------------------------------------------------------------------------
const CUT = text.encode(',"data":');
const TOLD = new Set([...SEALED, "leaf", "salt", "datahash", "datacontenttype", "data_base64"]);
function cutAt(bytes) {
  for (let at = bytes.indexOf(CUT[0]); at >= 0; at = bytes.indexOf(CUT[0], at + 1)) {
    if (CUT.every((b, i) => bytes[at + i] === b)) return at;
  }
  return -1;
}
function erases(attributes, context, data) {
  if (!data.length || attributes.type !== `fuyan.${context}.erased.v1`) return null;
  try {
    const version = JSON.parse(utf8.decode(data)).version;
    return Number.isInteger(version) ? version : null;
  } catch { return null; }
}
async function lineOf(bytes) {
  const cut = cutAt(bytes);
  let data = new Uint8Array();
  const said = cut < 0 ? utf8.decode(bytes) : utf8.decode(bytes.subarray(0, cut)) + "}";
  const attributes = JSON.parse(said);
  if (attributes === null || Array.isArray(attributes) || typeof attributes !== "object" || !Object.values(attributes).every((v) => typeof v === "string")) throw new Error("not an object of texts");
  // A second mention of a name, or what nothing seals, would be read by people and by no check.
  if (JSON.stringify(attributes) !== said || !Object.keys(attributes).every((name) => TOLD.has(name))) throw new Error("says more than an event does");
  if (cut >= 0 && attributes.data_base64 !== undefined) throw new Error("data twice");
  if (cut >= 0) data = bytes.subarray(cut + CUT.length, bytes[bytes.length - 1] === 125 ? bytes.length - 1 : bytes.length);
  else if (attributes.data_base64) data = Uint8Array.from(atob(attributes.data_base64), (c) => c.charCodeAt(0));
  const count = (value) => { if (!/^[1-9][0-9]{0,15}$/.test(value)) throw new Error(`${value} is no count`); return Number(value); };
  // Data that stand beside a datahash are not believed: whoever reads the line reads them.
  const withheld = attributes.datahash !== undefined && !data.length;
  const datahash = withheld ? unhex(attributes.datahash) : await sha256(joined(unhex(attributes.salt ?? ""), data));
  const parts = [Uint8Array.of(0)];
  for (const name of SEALED) {
    const value = text.encode(attributes[name] ?? "");
    parts.push(big(value.length, 4), value);
  }
  const context = attributes.source.split("/").pop();
  const stream = `${context}/${attributes.subject}`;
  return {
    position: count(attributes.position), version: count(attributes.streamversion), context, stream,
    name: `${stream}@${attributes.streamversion}`, leaf: hex(await sha256(joined(...parts, datahash))),
    told: hex(unhex(attributes.leaf)), withheld, erases: erases(attributes, context, data),
  };
}
function* linesOf(bytes) {
  let number = 0;
  for (let at = 0; at < bytes.length;) {
    let end = bytes.indexOf(10, at);
    if (end < 0) end = bytes.length;
    number++;
    let stop = end;
    while (stop > at && bytes[stop - 1] === 13) stop--;
    if (stop > at) yield [number, bytes.subarray(at, stop)];
    at = end + 1;
  }
}

// --- heads ------------------------------------------------------------------------------------
const statement = (h) => text.encode(["fuyan.audit.tree-head.v1", h.installation, h.service, h.contexts.join(","), h.size, h.root, h.stream_count, h.streams, h.signed_at, h.key_id].map((l) => `${l}\n`).join(""));
const b64 = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
async function keysOf(jwks) {
  const found = new Map();
  for (const jwk of jwks.keys ?? []) {
    if (jwk.crv !== "P-256") continue;
    const canonical = JSON.stringify({ crv: "P-256", kty: "EC", x: jwk.x, y: jwk.y });
    const key = await crypto.subtle.importKey("jwk", { kty: "EC", crv: "P-256", x: jwk.x, y: jwk.y }, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
    found.set(b64(await sha256(text.encode(canonical))), key);
  }
  return found;
}
const of = (h) => ({ size: h.size, signed_at: h.signed_at });
async function genuine(heads, service, installation, keys, checked) {
  const good = new Map();
  for (const head of heads) {
    checked.heads++;
    const says = [head.root, head.streams, head.stream_count].join();
    const known = good.get(head.size);
    if (head.service !== service || head.installation !== installation) checked.find("head-foreign", service, { size: head.size, of: `${head.installation}/${head.service}` });
    else if (!keys.has(head.key_id)) checked.find("key-unknown", service, { ...of(head), key_id: head.key_id });
    else if (!(await signedBy(head, keys.get(head.key_id)))) checked.find("head-signature-false", service, of(head));
    else if (known && [known.root, known.streams, known.stream_count].join() !== says) checked.find("heads-contradict", service, { ...of(head), other: known.size, other_at: known.signed_at });
    else { good.set(head.size, head); checked.keys.add(head.key_id); }
  }
  return [...good.values()].sort((a, b) => a.size - b.size);
}
async function signedBy(head, key) {
  try { return await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, unhex(head.signature), statement(head)); }
  catch { return false; }
}

// --- logs -------------------------------------------------------------------------------------
const range = (first, end) => (first === end ? first : `${first}–${end}`);
function runs(numbers) {
  const found = [];
  for (const number of numbers) {
    if (found.length && found[found.length - 1][1] === number - 1) found[found.length - 1][1] = number;
    else found.push([number, number]);
  }
  return found;
}
function moved(order) {
  if (order.every((n, i) => !i || order[i - 1] < n)) return [];
  const ends = [], lengths = [];
  for (const number of order) {
    let low = 0, high = ends.length;
    while (low < high) { const mid = (low + high) >> 1; if (ends[mid] < number) low = mid + 1; else high = mid; }
    ends[low] = number; lengths.push(low);
  }
  const stay = new Set();
  for (let i = order.length - 1, wanted = ends.length - 1; i >= 0; i--) if (lengths[i] === wanted) { stay.add(i); wanted--; }
  return order.flatMap((n, i) => (stay.has(i) ? [] : [[n, i ? order[i - 1] : 0]]));
}
const spansOf = (scope, context) => {
  if (scope.programme === null || (scope.township && context !== "dossier" && context !== "case")) return [];
  let name = `${context}/${scope.programme}`;
  if (scope.township !== null) name += `/${scope.township}`;
  return [[name, name + "\0"], [name + "/", name + "0"]];
};

class Log {
  constructor(service, heads, checked) {
    Object.assign(this, { service, heads, newest: heads[heads.length - 1], checked });
    this.seen = new Set(); this.order = []; this.doubtful = []; this.versions = new Map(); this.signed = new Map();
    this.withheld = []; this.erased = new Set();
  }
  find(code, facts) { this.checked.find(code, this.service, facts); }
  async take(line, number) {
    if (this.seen.has(line.position) || !(await this.genuine(line))) { this.doubtful.push([number, line]); return; }
    if (line.told !== line.leaf) this.find("event-altered", { position: line.position, event: line.name });
    this.keep(line, number, line.position);
    if (line.withheld) this.withheld.push(line);
    if (line.erases !== null) this.erased.add(`${line.stream}@${line.erases}`);
  }
  keep(line, number, position, altered = false) {
    this.seen.add(position); this.order.push([number, position]);
    if (altered && line.version > (this.signed.get(line.stream) ?? 0)) return;
    if (!this.versions.has(line.stream)) this.versions.set(line.stream, new Set());
    this.versions.get(line.stream).add(line.version);
  }
  async end(content) {
    for (const [number, line] of this.doubtful) {
      const place = [await this.at(line.told), line.position].find((p) => p !== null && !this.seen.has(p) && this.has(p));
      if (place === undefined) { this.find("event-inserted", { line: number, event: line.name, position: line.position }); continue; }
      this.find("event-altered", { position: place, event: line.name });
      this.keep(line, number, place, true);
    }
    for (const [position, after] of moved(this.order.sort((a, b) => a[0] - b[0]).map((pair) => pair[1]))) this.find("event-reordered", { position, after });
    await this.missing();
    for (const line of content ? this.withheld : []) if (!this.erased.has(line.name)) this.find("data-withheld", { position: line.position, event: line.name });
    this.checked.streams += this.signed.size;
    for (const [stream, version] of this.signed) {
      const versions = this.versions.get(stream) ?? new Set();
      const lacking = [];
      for (let v = 1; v <= version; v++) if (!versions.has(v)) lacking.push(v);
      if (!versions.size) this.find("stream-gone", { stream, version });
      else if (lacking.length) this.find("stream-incomplete", { stream, missing: lacking.join(", ") });
    }
    if (this.signed.size) for (const stream of [...this.versions.keys()].sort()) if (!this.signed.has(stream)) this.find("stream-inserted", { stream });
  }
}

class Whole extends Log {
  async open(parts, said) {
    this.vacant = new Map(Object.entries(said.vacant ?? {}).map(([p, leaf]) => [Number(p), leaf]));
    for (const position of this.vacant.keys()) this.find("event-void", { position });
    const packed = await part(parts, `leaves/${this.service}.bin`);
    if (packed.length % 32) throw new Damaged(`leaves/${this.service}.bin`, "not a whole number of leaves");
    const leaves = [];
    for (let at = 0; at < packed.length; at += 32) leaves.push(packed.subarray(at, at + 32));
    this.found = new Map();
    const wrong = await this.disagreeing(leaves);
    if (wrong || leaves.length !== this.newest.size) {
      const [head, agreed] = wrong ?? [this.newest, this.newest.size];
      this.find("leaves-altered", { ...of(head), first: agreed + 1 });
      this.leaves = null;
    } else {
      this.leaves = leaves.map(hex);
      this.places = new Map(this.leaves.map((leaf, i) => [leaf, i + 1]));
    }
    const streams = (await json(parts, "streams.json"))[this.service] ?? [];
    for (let i = 1; i < streams.length; i++) if (!before(streams[i - 1][0], streams[i][0])) streams.length = 0;
    const found = await root(await Promise.all(streams.map(([n, v]) => streamLeaf(n, v))));
    if (streams.length === this.newest.stream_count && hex(found) === this.newest.streams) this.signed = new Map(streams);
    else this.find("streams-altered", of(this.newest));
    return this;
  }
  async disagreeing(leaves) {
    const tree = await new Tree(leaves).build();
    let agreed = 0;
    for (const head of this.heads) {
      if (head.size > leaves.length || hex(await tree.root(head.size)) !== head.root) return [head, agreed];
      agreed = head.size;
    }
    return null;
  }
  async take(line, number) {
    if (this.leaves === null && !this.found.has(line.position)) this.found.set(line.position, line.leaf);
    await super.take(line, number);
  }
  async genuine(line) {
    if (!this.has(line.position)) return false;
    return line.leaf === (this.leaves === null ? line.told : this.leaves[line.position - 1]);
  }
  async at(leaf) { return this.leaves === null ? null : this.places.get(leaf) ?? null; }
  has(position) { return position <= this.newest.size && !this.vacant.has(position); }
  async missing() {
    const there = (p) => this.seen.has(p) || this.vacant.has(p);
    let end = 0;
    for (const p of [...this.seen, ...this.vacant.keys()]) if (p > end) end = p;
    const gone = [];
    for (let p = 1; p <= end; p++) if (!there(p)) gone.push(p);
    for (const [first, stop] of runs(gone)) this.find("event-removed", { position: range(first, stop) });
    if (end < this.newest.size) this.find("tail-cut", { first: end + 1, last: this.newest.size, signed_at: this.newest.signed_at });
    if (this.leaves === null) {
      const leaves = [];
      for (let p = 1; p <= this.newest.size; p++) leaves.push(unhex(this.found.get(p) ?? this.vacant.get(p) ?? ""));
      const wrong = await this.disagreeing(leaves);
      if (wrong) this.find("head-contradicts-record", { ...of(wrong[0]), first: wrong[1] + 1 });
    }
  }
}

class Part extends Log {
  async open(parts, said, scope) {
    const proofs = (await json(parts, "proofs.json"))[this.service];
    if (!proofs) throw new Damaged("proofs.json", this.service);
    this.inclusion = new Map(Object.entries(proofs.inclusion).map(([p, path]) => [Number(p), path.map(unhex)]));
    for (const head of this.heads.slice(0, -1)) {
      const path = (proofs.consistency[head.size] ?? []).map(unhex);
      if (!(await consistent(head.size, head.root, this.newest.size, this.newest.root, path))) this.find("heads-contradict", { ...of(this.newest), other: head.size, other_at: head.signed_at });
    }
    for (const context of this.newest.contexts) for (const [start, end] of spansOf(scope, context)) {
      const span = proofs.spans.find((s) => s.start === start && s.end === end);
      if (!span) { this.find("span-missing", { start }); continue; }
      try { for (const [name, version] of await shown(span, this.newest.stream_count, this.newest.streams)) this.signed.set(name, version); }
      catch (error) { this.find("span-false", { start, reason: error.message }); }
    }
    return this;
  }
  async proven(leaf, position) {
    const path = this.inclusion.get(position);
    return path !== undefined && climbed(unhex(leaf), position - 1, this.newest.size, path, this.newest.root);
  }
  genuine(line) { return this.proven(line.leaf, line.position); }
  async at(leaf) {
    for (const position of this.inclusion.keys()) if (await this.proven(leaf, position)) return position;
    return null;
  }
  has(position) { return this.inclusion.has(position); }
  async missing() {
    const gone = [...this.inclusion.keys()].filter((p) => !this.seen.has(p)).sort((a, b) => a - b);
    for (const [first, end] of runs(gone)) this.find("event-removed", { position: range(first, end) });
  }
}

async function check(parts, trusted, progress) {
  const checked = { events: 0, heads: 0, streams: 0, withheld: 0, findings: [], keys: new Set() };
  checked.find = (code, service, facts) => checked.findings.push({ code, service, facts });
  const damaged = (error, service) => {
    if (!(error instanceof Damaged)) throw error;
    checked.find("file-damaged", service, { part: error.part, reason: error.reason });
  };
  const manifest = await json(parts, "manifest.json");
  if (manifest.format !== "fuyan-export/1") throw new Damaged("manifest.json", "not of format fuyan-export/1");
  checked.manifest = manifest;
  const heads = await json(parts, "heads.json");
  const logs = new Map(), byContext = new Map();
  if (!Object.keys(manifest.services).length) checked.find("no-head", "", {});
  for (const [service, said] of Object.entries(manifest.services)) {
    const keys = trusted ?? (await keysOf(heads.keys[service] ?? {}));
    const good = await genuine(heads.heads[service] ?? [], service, manifest.installation, keys, checked);
    if (!good.length) { checked.find("no-head", service, {}); continue; }
    const newest = good[good.length - 1];
    if (said.size !== newest.size) checked.find("head-missing", service, { size: said.size });
    try {
      const log = await new (manifest.scope.programme === null ? Whole : Part)(service, good, checked).open(parts, said, manifest.scope);
      logs.set(service, log);
      for (const context of newest.contexts) byContext.set(context, log);
    } catch (error) { damaged(error, service); }
  }
  try {
    for (const [number, bytes] of linesOf(await part(parts, "events.ndjson"))) {
      let line;
      try { line = await lineOf(bytes); }
      catch (error) { checked.find("line-unreadable", "", { line: number, reason: error.message }); continue; }
      const log = byContext.get(line.context);
      if (log) { await log.take(line, number); checked.events++; checked.withheld += line.withheld; }
      else if (logs.size) checked.find("event-inserted", "", { line: number, event: line.name, position: line.position });
      if (number % 500 === 0) await progress(number);
    }
  } catch (error) { damaged(error, ""); }
  // One line with data is enough: nobody may say afterwards that none were to leave.
  const content = Boolean(manifest.content) || checked.events > checked.withheld;
  for (const log of logs.values()) await log.end(content);
  return checked;
}

// --- the page ---------------------------------------------------------------------------------
const at = (id) => document.getElementById(id);
const told = (finding) => SENTENCES[finding.code][language].replace(/\{(\w+)\}/g, (_, name) => ({ service: finding.service, ...finding.facts })[name]);
function row(name, value) {
  const tr = document.createElement("tr");
  for (const content of [name, value]) { const td = document.createElement("td"); td.textContent = content; tr.append(td); }
  at("facts").append(tr);
}
function show() {
  document.documentElement.lang = language ? "en" : "zh-CN";
  at("language").textContent = language ? "中文" : "English";
  at("language").lang = language ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-zh]")) element.textContent = element.dataset[language ? "en" : "zh"];
  at("findings").replaceChildren(); at("facts").replaceChildren(); at("note").textContent = "";
  at("answer").hidden = last === null;
  if (last === null) return;
  const good = !last.error && last.checked.findings.length === 0;
  at("verdict").className = good ? "good" : "bad";
  at("verdict").textContent = WORDS[good ? "good" : "bad"][language];
  if (last.error) { at("note").textContent = WORDS.failed[language] + last.error; return; }
  const { checked, trusted } = last;
  if (!trusted) at("note").textContent = WORDS.own[language];
  for (const finding of checked.findings.slice(0, SHOWN)) {
    const li = document.createElement("li");
    li.dataset.code = finding.code;
    li.textContent = (finding.service ? `[${finding.service}] ` : "") + told(finding);
    at("findings").append(li);
  }
  if (checked.findings.length > SHOWN) { const li = document.createElement("li"); li.textContent = `… +${checked.findings.length - SHOWN}`; at("findings").append(li); }
  const m = checked.manifest;
  row(WORDS.scope[language], [m.installation, m.scope.programme ?? WORDS.whole[language], m.scope.township].filter(Boolean).join(" / "));
  row(WORDS.taken[language], `${m.exported_at} ${m.actor} ${m.reason}`);
  row(WORDS.events[language], checked.events);
  row(WORDS.withheld[language], checked.withheld);
  row(WORDS.heads[language], checked.heads);
  row(WORDS.streams[language], checked.streams);
  for (const [service, said] of Object.entries(m.services)) row(`${WORDS.log[language]} ${service}`, `${said.events} / ${said.size} (${said.signed_at})`);
  for (const key of checked.keys) row(WORDS.key[language], key);
}
at("language").addEventListener("click", () => { language = 1 - language; show(); });
at("go").addEventListener("click", async () => {
  const chosen = [...at("file").files];
  if (!chosen.length) { at("progress").textContent = WORDS.choose[language]; return; }
  at("go").disabled = true;
  at("progress").textContent = WORDS.working[language];
  last = null; show();
  try {
    let trusted = null;
    for (const file of at("key").files) {
      trusted ??= new Map();
      for (const [id, key] of await keysOf(JSON.parse(await file.text()))) trusted.set(id, key);
    }
    const progress = async (number) => { at("progress").textContent = `${WORDS.working[language]} ${number}`; await new Promise((done) => setTimeout(done)); };
    last = { checked: await check(await opened(chosen), trusted, progress), trusted: trusted !== null };
  } catch (error) { last = { error: error.message }; }
  at("progress").textContent = "";
  at("go").disabled = false;
  show();
});
