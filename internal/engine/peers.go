package engine

import (
	"github.com/parley-chat/parley/internal/cluster"
)

// peers is what the engine tells other nodes and hears of them. Nil where the node is
// alone.
type peers struct {
	engine  *Engine
	cluster *cluster.Cluster
}

// startPeers begins to speak with other nodes, if there may be any.
func (e *Engine) startPeers(c *cluster.Cluster) error {
	if c == nil {
		return nil
	}
	p := &peers{engine: e, cluster: c}
	e.peers = p
	e.rooms.peers = p
	return c.Start(cluster.Ears{
		Message: map[cluster.Kind]func(*cluster.Message){},
	})
}
