-- What every script begins with. KEYS[1] is the life, ARGV[1] the one that the script is for. It
-- does nothing in another life, nor where the life that stands here began on another server, or on
-- this one before its history was replaced: that one is over, though nobody has said so yet.
do
  local about = redis.call('INFO', 'replication')
  if not string.find(about, 'role:master', 1, true) then return redis.error_reply('READONLY this is a replica') end
  local at = redis.call('HMGET', KEYS[1], 'id', 'server')
  if at[1] ~= ARGV[1] or not string.find(about, 'master_replid:' .. string.match(at[2], '%S+$'), 1, true) then
    return {'life'}
  end
end
