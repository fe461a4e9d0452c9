// Package web is the web page that a node serves, and the client that other pages
// import from it:
//   - It is part of the binary, as built from web/src by web/build; nothing is
//     read from disk or network at run time.
//   - The browser may run the page's own script and style and talk to the
//     page's own origin; the policy that says so stands with the page.
//   - The client is one file without dependencies, for pages of every origin.
//   - What has its content's hash in its name may be kept forever; the page
//     itself, and the client, are asked for again each time.
package web
