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
	Identity auth.Identity
	Addr     netip.Addr // the client's, after --trusted-proxy; for log lines
	Closed   func()     // called once, when the session is gone; may be nil
}
