// Package brokertest is the promise of a broker as tests: every implementation of
// broker.Broker passes Run.
package brokertest
