/**
 * Where the brokers and the schema registry are and what the topics are called, as every command
 * takes it: options, property files, environment. Knows no command.
 */
package io.headgate.connection;
