-- KEYS: life, text. ARGV: life, seqs. Gives the texts that there are.
return {'ok', unpack(redis.call('HMGET', KEYS[2], unpack(ARGV, 2)))}
