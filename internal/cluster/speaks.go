package cluster

// Speaks reports whether there is a broker, by which nodes tell one another anything.
func (c *Cluster) Speaks() bool { return c.open != nil }
