// The compiled part of Boost.Beast, once for all (BOOST_BEAST_SEPARATE_COMPILATION).
#include <boost/beast/src.hpp>
