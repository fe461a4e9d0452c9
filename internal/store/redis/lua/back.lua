-- KEYS: life, room, log, text, changed. ARGV: life, the seq to begin with or none for the head, the
-- time that it must not be after or none, how many. Gives events, newest first.
local life, room, log, text, changed = unpack(KEYS)
local head, first = where(room)
local from = ARGV[2] == '' and head or math.min(head, tonumber(ARGV[2]))
if ARGV[3] ~= '' then
  -- Times never fall: the last one that isn't after it is between low and from.
  local low, time = first - 1, tonumber(ARGV[3])
  while low < from do
    local middle = math.ceil((low + from) / 2)
    local entry = redis.call('XRANGE', log, int(middle), int(middle))[1]
    if entry and tonumber(entry[2][4]) <= time then low = middle else from = middle - 1 end
  end
end
if from < first then return {'ok'} end
return rows({'ok'}, redis.call('XREVRANGE', log, int(from), '-', 'COUNT', ARGV[4]), text, changed)
