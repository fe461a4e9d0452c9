// Package sqlite keeps logs in one SQLite file in a data folder.
//
//   - Append returns after the commit is on disk: WAL, synchronous=FULL. What it
//     returned survives a killed process and a power cut.
//   - A batch is one transaction, whatever rooms it is for.
//   - The events are the truth. A message's newest text stands in its row alone, so
//     one that was edited away or deleted is in none, and SQLite overwrites it in
//     the file.
//   - Reactions and read marks stand beside the events; what is unread is counted.
//   - Reading never waits for writing.
//   - A data folder is held by one process; a second one is told which.
//   - The schema only moves forward. A file that is newer than the program, or
//     that is no sound database, is refused and left as it is.
//   - A commit that failed may or may not be there: the file is opened again and
//     looked at before anything else is written.
//   - A Snapshot, so a backup or an export, needs no lock and changes nothing that
//     a server relies on. A backup is read through before it gets its name.
//   - Search asks an index that follows the logs in the background, in a file of its
//     own that can be made anew from them. It finds; what it found is read from the
//     log and compared again. An answer says up to when all is indexed.
//   - A restored database begins a new epoch in every room.
package sqlite
