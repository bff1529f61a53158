/**
 * Counts and digests one batch of keys inside a sandbox (EVAL, Lua 5.1). Arguments: database, cursor.
 * Returns the next cursor, two digest words of 48 bits, and `type, persistent, expiring` for each type seen.
 *
 * The digest is a sum of SHA-1 values, so neither the order of keys nor that of sets and hashes matters; it covers
 * the names and values of the keys without a time to live, consumer groups with their pending entries included
 * (times of delivery, which change, excepted). It depends on no encoding and no version of the server.
 */
export const COUNT_SCRIPT = `
local BATCH, SMALL, WORD = 1000, 64, 281474976710656
local call, sha1hex, sub, format = redis.call, redis.sha1hex, string.sub, string.format
local function add(sum, hex)
  sum[1] = (sum[1] + tonumber(sub(hex, 1, 12), 16)) % WORD
  sum[2] = (sum[2] + tonumber(sub(hex, 13, 24), 16)) % WORD
end
local function text(sum) return format('%.0f/%.0f', sum[1], sum[2]) end
local function item(value) return #value .. ':' .. value end
local function pack(values)
  local parts = {}
  for i, value in ipairs(values) do
    if type(value) == 'table' then value = pack(value) end
    value = tostring(value)
    parts[i] = #value .. ':' .. value
  end
  return table.concat(parts)
end
local function chain(hash, values) return sha1hex(hash .. pack(values)) end
local function map(reply)
  local fields = {}
  for i = 1, #reply, 2 do fields[reply[i]] = reply[i + 1] end
  return fields
end
local function canonical(score)
  return string.format('%.17g', tonumber(score))
end

-- What stands for a value: short ones themselves, long ones a hash.
local digest = {}
digest['string'] = function(key)
  local value = call('GET', key)
  return #value > 256 and sha1hex(value) or value
end
digest['list'] = function(key)
  local hash = ''
  for from = 0, call('LLEN', key) - 1, BATCH do
    hash = chain(hash, call('LRANGE', key, from, from + BATCH - 1))
  end
  return hash
end
local function scanned(command, key, step)
  local sum, cursor = {0, 0}, '0'
  repeat
    local reply = call(command, key, cursor, 'COUNT', BATCH)
    cursor = reply[1]
    for i = 1, #reply[2], step do add(sum, sha1hex(pack({unpack(reply[2], i, i + step - 1)}))) end
  until cursor == '0'
  return text(sum)
end
local function sorted(values, step)
  local parts = {}
  for i = 1, #values, step do
    parts[#parts + 1] = step == 1 and item(values[i]) or item(values[i]) .. item(values[i + 1])
  end
  table.sort(parts)
  return table.concat(parts)
end
digest['set'] = function(key)
  if call('SCARD', key) > SMALL then return scanned('SSCAN', key, 1) end
  return sha1hex(sorted(call('SMEMBERS', key), 1))
end
digest['hash'] = function(key)
  if call('HLEN', key) > SMALL then return scanned('HSCAN', key, 2) end
  return sha1hex(sorted(call('HGETALL', key), 2))
end
digest['zset'] = function(key)
  local hash = ''
  for from = 0, call('ZCARD', key) - 1, BATCH do
    local members = call('ZRANGE', key, from, from + BATCH - 1, 'WITHSCORES')
    for i = 2, #members, 2 do members[i] = canonical(members[i]) end
    hash = chain(hash, members)
  end
  return hash
end
local function pending(key, group)
  local hash, from = '', '-'
  while true do
    local entries = call('XPENDING', key, group, from, '+', BATCH)
    if #entries == 0 then return hash end
    for _, entry in ipairs(entries) do
      hash = chain(hash, {entry[1], entry[2], entry[4]})
    end
    from = '(' .. entries[#entries][1]
  end
end
digest['stream'] = function(key)
  local hash, from = '', '-'
  while true do
    local entries = call('XRANGE', key, from, '+', 'COUNT', BATCH)
    if #entries == 0 then break end
    hash = chain(hash, entries)
    from = '(' .. entries[#entries][1]
  end
  local stream = map(call('XINFO', 'STREAM', key))
  local sum = {0, 0}
  for _, reply in ipairs(call('XINFO', 'GROUPS', key)) do
    local group = map(reply)
    local consumers = {0, 0}
    for _, each in ipairs(call('XINFO', 'CONSUMERS', key, group['name'])) do
      add(consumers, sha1hex(map(each)['name']))
    end
    add(sum, sha1hex(pack({group['name'], group['last-delivered-id'], text(consumers), pending(key, group['name'])})))
  end
  return chain(hash, {stream['last-generated-id'], text(sum)})
end

call('SELECT', ARGV[1])
local page = call('SCAN', ARGV[2], 'COUNT', BATCH)
local sum, persistent, expiring, seen = {0, 0}, {}, {}, {}
for _, key in ipairs(page[2]) do
  local kind, life = call('TYPE', key).ok, call('PTTL', key)
  if kind ~= 'none' and life ~= -2 then
    if not persistent[kind] then
      persistent[kind], expiring[kind] = 0, 0
      seen[#seen + 1] = kind
    end
    if life == -1 then
      persistent[kind] = persistent[kind] + 1
      local value = digest[kind] and digest[kind](key) or ''
      add(sum, sha1hex(kind .. item(key) .. value))
    else
      expiring[kind] = expiring[kind] + 1
    end
  end
end
local answer = {page[1], sum[1], sum[2]}
for _, kind in ipairs(seen) do
  answer[#answer + 1] = kind
  answer[#answer + 1] = persistent[kind]
  answer[#answer + 1] = expiring[kind]
end
return answer
`;
