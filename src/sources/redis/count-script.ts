/**
 * Counts and digests one batch of keys inside a sandbox (EVAL, Lua 5.1). Arguments: database, cursor.
 * Returns the next cursor, four digest words, and `type, persistent, expiring` for each type seen.
 *
 * The digest is a sum of SHA-1 values, so neither the order of keys nor that of sets and hashes matters; it covers
 * the names and values of the keys without a time to live, consumer groups with their pending entries included
 * (times of delivery, which change, excepted). It depends on no encoding and no version of the server.
 */
export const COUNT_SCRIPT = `
local BATCH, WORD = 1000, 1099511627776
local function add(sum, hex)
  for i = 1, 4 do sum[i] = (sum[i] + tonumber(string.sub(hex, i * 10 - 9, i * 10), 16)) % WORD end
end
local function text(sum)
  return string.format('%.0f/%.0f/%.0f/%.0f', sum[1], sum[2], sum[3], sum[4])
end
local function pack(values)
  local parts = {}
  for i, value in ipairs(values) do
    if type(value) == 'table' then value = pack(value) end
    value = tostring(value)
    parts[i] = #value .. ':' .. value
  end
  return table.concat(parts)
end
local function chain(hash, values) return redis.sha1hex(hash .. pack(values)) end
local function map(reply)
  local fields = {}
  for i = 1, #reply, 2 do fields[reply[i]] = reply[i + 1] end
  return fields
end
local function canonical(score)
  return string.format('%.17g', tonumber(score))
end

local digest = {}
digest['string'] = function(key) return redis.sha1hex(redis.call('GET', key)) end
digest['list'] = function(key)
  local hash = ''
  for from = 0, redis.call('LLEN', key) - 1, BATCH do
    hash = chain(hash, redis.call('LRANGE', key, from, from + BATCH - 1))
  end
  return hash
end
local function scanned(command, key, step)
  local sum, cursor = {0, 0, 0, 0}, '0'
  repeat
    local reply = redis.call(command, key, cursor, 'COUNT', BATCH)
    cursor = reply[1]
    for i = 1, #reply[2], step do add(sum, redis.sha1hex(pack({unpack(reply[2], i, i + step - 1)}))) end
  until cursor == '0'
  return text(sum)
end
digest['set'] = function(key) return scanned('SSCAN', key, 1) end
digest['hash'] = function(key) return scanned('HSCAN', key, 2) end
digest['zset'] = function(key)
  local hash = ''
  for from = 0, redis.call('ZCARD', key) - 1, BATCH do
    local members = redis.call('ZRANGE', key, from, from + BATCH - 1, 'WITHSCORES')
    for i = 2, #members, 2 do members[i] = canonical(members[i]) end
    hash = chain(hash, members)
  end
  return hash
end
local function pending(key, group)
  local hash, from = '', '-'
  while true do
    local entries = redis.call('XPENDING', key, group, from, '+', BATCH)
    if #entries == 0 then return hash end
    for i, entry in ipairs(entries) do
      hash = chain(hash, {entry[1], entry[2], entry[4]})
    end
    from = '(' .. entries[#entries][1]
  end
end
digest['stream'] = function(key)
  local hash, from = '', '-'
  while true do
    local entries = redis.call('XRANGE', key, from, '+', 'COUNT', BATCH)
    if #entries == 0 then break end
    hash = chain(hash, entries)
    from = '(' .. entries[#entries][1]
  end
  local stream = map(redis.call('XINFO', 'STREAM', key))
  local sum = {0, 0, 0, 0}
  for _, reply in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local group = map(reply)
    local consumers = {0, 0, 0, 0}
    for _, each in ipairs(redis.call('XINFO', 'CONSUMERS', key, group['name'])) do
      add(consumers, redis.sha1hex(map(each)['name']))
    end
    add(sum, redis.sha1hex(pack({group['name'], group['last-delivered-id'], text(consumers), pending(key, group['name'])})))
  end
  return chain(hash, {stream['last-generated-id'], text(sum)})
end

redis.call('SELECT', ARGV[1])
local page = redis.call('SCAN', ARGV[2], 'COUNT', BATCH)
local sum, persistent, expiring, seen = {0, 0, 0, 0}, {}, {}, {}
for _, key in ipairs(page[2]) do
  local kind, life = redis.call('TYPE', key).ok, redis.call('PTTL', key)
  if kind ~= 'none' and life ~= -2 then
    if not persistent[kind] then
      persistent[kind], expiring[kind] = 0, 0
      seen[#seen + 1] = kind
    end
    if life == -1 then
      persistent[kind] = persistent[kind] + 1
      local value = digest[kind] and digest[kind](key) or ''
      add(sum, redis.sha1hex(pack({ARGV[1], kind, key, value})))
    else
      expiring[kind] = expiring[kind] + 1
    end
  end
end
local answer = {page[1], sum[1], sum[2], sum[3], sum[4]}
for _, kind in ipairs(seen) do
  answer[#answer + 1] = kind
  answer[#answer + 1] = persistent[kind]
  answer[#answer + 1] = expiring[kind]
end
return answer
`;
