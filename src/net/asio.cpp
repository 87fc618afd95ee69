// Asio is compiled once, here (BOOST_ASIO_SEPARATE_COMPILATION); every program links this library.
#include <boost/asio/impl/src.hpp>
