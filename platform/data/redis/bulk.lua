-- Keys ARGV[1] to ARGV[2] of the bulk, from the seed ARGV[3]; run in batches. The server replicates the effects.
local from, to, seed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local words = {'energy', 'Impuls', 'テンソル', 'champ', 'поле', 'entropy', 'spin', 'Δ'}
local call, format, random = redis.call, string.format, math.random

local function sentence(length)
  local picked = {}
  for n = 1, length do picked[n] = words[random(#words)] end
  return table.concat(picked, ' ')
end

for i = from, to do
  math.randomseed(seed * 7919 + i) -- each key depends on its number alone, not on the batches
  local expiry = format('%.0f', 4102444800000 + i * 1009 + random(1000))
  if i % 10 < 4 then
    local key = 'session:' .. i
    call('HSET', key, 'user', random(100000), 'token', redis.sha1hex(seed .. ':' .. i), 'seen', 1700000000 + i, 'last', sentence(12))
    call('PEXPIREAT', key, expiry)
  elseif i % 10 < 7 then
    call('SET', 'cache:answer:' .. i, format('{"id":%d,"seed":%d,"answer":"%s","value":%.17g}', i, seed, sentence(30), random()), 'PXAT', expiry)
  elseif i % 10 == 7 then
    call('RPUSH', 'recent:' .. i, random(1000), sentence(4), random(1000), sentence(3), sentence(2))
  elseif i % 10 == 8 then
    for _ = 1, 8 do call('ZADD', 'ranking:' .. i, format('%.17g', random() * 100), 'student:' .. random(1000)) end
  else
    call('SADD', 'tags:' .. i, words[random(#words)], words[random(#words)], random(100), random(100))
    call('XADD', 'stream:bulk:' .. i % 40, (1700000000000 + i) .. '-1', 'step', i, 'text', sentence(5))
  end
end
