/** What every command shares: exit codes, errors that teach, progress, JSON. Knows no domain. */
package io.headgate.console;
