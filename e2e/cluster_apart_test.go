//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"github.com/parley-chat/parley/internal/testserver"
)

// TestClusterHearsNothingOfAnotherOnTheSameRedis has two deployments talk in rooms of the
// same names, on one Redis, which tells all that is published there to whoever listens,
// whatever their databases.
func TestClusterHearsNothingOfAnotherOnTheSameRedis(t *testing.T) {
	db, redis := testserver.StartPostgres(t), testserver.StartRedis(t)
	for name, backing := range map[string][2]func(*node){
		"two databases of PostgreSQL": {onPostgresAndRedis(t, db, redis), onPostgresAndRedis(t, db, redis)},
		"two databases of Redis":      {onRedis(t, redis, 1), onRedis(t, redis, 2)},
	} {
		t.Run(name, func(t *testing.T) {
			var parties [2]*party
			for i := range parties {
				parties[i] = depart(t, 40, 4, clusterPace/4, launch(t, 2, backing[i]).ws()...)
			}
			for _, p := range parties {
				p.recover(recoverWithin)
				p.talkOn(100)
			}
			for i, p := range parties { // counts and logs are each one's own
				p.counted(patience)
				verdict := p.judge(recoverWithin)
				t.Log(fmt.Sprint("deployment ", i, ": ", verdict.String()))
				if len(verdict.Wrong) > 0 || verdict.Acked == 0 {
					t.Error("its log and what its clients were told differ")
				}
			}
		})
	}
}
