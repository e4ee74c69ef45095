/** The commands of the stream: the guard itself, and what measures it. */
package io.headgate.stream.command;
