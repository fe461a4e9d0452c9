package engine

import (
	"net"
	"net/netip"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/protocol"
)

// Opening is what the door knows of a session before its first frame.
type Opening struct {
	Conn     net.Conn         // upgraded: the 101 has been written. The engine owns it from Open on
	Early    []byte           // what the client sent behind its handshake
	Dialect  protocol.Dialect // chosen by the subprotocol
	Deflate  bool             // permessage-deflate was negotiated, without context takeover on either side
	Window   int              // then: how far what it is sent may look back, as a power of two; 0 for all, which is 15
	Identity auth.Identity
	Addr     netip.Addr // the client's, after --trusted-proxy; for log lines
	Closed   func()     // called once, when the session is gone; may be nil
}

// compressed reports whether the session is sent compressed frames. Each is
// compressed once for all who read it, and looks back as far as it likes: whoever
// has a smaller window gets them plain (RFC 7692 §6 leaves that to the sender).
func (o *Opening) compressed() bool { return o.Deflate && (o.Window == 0 || o.Window == 15) }
