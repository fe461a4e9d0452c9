// Package e2e tests the parley binary from outside, with the parts that people
// put around it: wscat, nginx, Caddy, a browser. Its tests carry the build tag
// e2e, since they need software that Go does not bring along:
//   - Each test runs a process of its own on a free loopback port, and leaves
//     neither process nor file behind.
//   - Nothing outside loopback is called.
//   - A part that is missing fails the test and says how to install it: an
//     end-to-end test that skips proves nothing.
package e2e
