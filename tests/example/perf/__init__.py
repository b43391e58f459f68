"""What the gate has to know to judge the package `squares`."""
