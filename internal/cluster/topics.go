package cluster

import "strings"

// topics are where messages are said. They begin with the store's own name, so that two
// deployments may share one broker.
type topics struct{ prefix, all string }

func newTopics(secret []byte) topics {
	prefix := "parley/" + storeID(secret)
	return topics{prefix: prefix, all: prefix + "/all"}
}

func (t topics) room(name string) string { return t.prefix + "/room/" + name }
func (t topics) node(name string) string { return t.prefix + "/node/" + name }

func (t topics) isRoom(topic string) (name string, ok bool) {
	if name, ok = strings.CutPrefix(topic, t.prefix+"/room/"); !ok {
		return "", false // and not the topic, which CutPrefix gives
	}
	return name, true
}

// Topic is where nodes speak of a room, for whoever looks at what a broker carries.
func (c *Cluster) Topic(room string) string { return c.topics.room(room) }
