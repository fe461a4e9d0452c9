package broker

// Broker carries what nodes tell one another. Any goroutine may call its methods; none
// of them waits for anything but Close.
type Broker interface {
	// Publish has those hear payload who listen to topic, who publishes it perhaps
	// among them. It keeps payload. What is longer than MaxPayload is dropped and
	// counted, and so is what comes while too much is waiting.
	Publish(topic string, payload []byte)

	// Subscribe has topic be heard. It is asked for once, until it is unsubscribed.
	Subscribe(topic string)
	Unsubscribe(topic string)

	// MaxPayload is how many bytes may travel at once, at least 4,000.
	MaxPayload() int

	// Close ends it. Its ear hears nothing afterwards.
	Close() error
}

// Ear is what a broker tells. Its methods are called one at a time, and must not wait.
type Ear interface {
	// Heard brings what was published. The payload is the ear's.
	Heard(topic string, payload []byte)

	// Listens says that what is published from now on is heard; what was before may
	// have been missed. It is said once of each subscription, and of all of them again
	// after the way to the broker was cut.
	Listens(topics []string)

	// Away says that nothing can be heard or published, and why. It is said once, until
	// Listens says otherwise; also where the broker wasn't there in the first place.
	Away(err error)
}
