"""The lab: lines that we can spoil (network namespaces, a UDP shim) and foreign programs that meet over them."""
