// Package report shows what a load test saw: as a table for a terminal, as JSON,
// and as one page with plots.
//
//   - A figure that a run does not have is a dash in a table and no point in a
//     plot: never a zero, and never NaN on the page.
//   - Runs of one setup and server are one row, of the medians of each figure; the
//     page lists every run, too.
//   - A page needs nothing from elsewhere: no script, no font, no picture.
//   - Whatever a Report holds, a plot is well-formed, and draws inside its frame.
package report
